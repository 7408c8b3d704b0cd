import contextlib

import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    with contextlib.suppress(ValueError):
        text = shout(text)
    return shout(text)
