"""The dag that is measured: one step that does nothing."""

import headrace as hr


@hr.step
def echo(text: hr.Text) -> hr.Text:
    return text


@hr.dag
def echoed(text: hr.Text) -> hr.Text:
    return echo(text)
