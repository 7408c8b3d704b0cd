from __future__ import annotations

import headrace as hr


@hr.step
def shout(
    text: hr.Text,
    style: Stile = "loud",
) -> hr.Text:
    return text.upper()


class Style(str):
    pass


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(text)
