from typing import Any

import headrace as hr


@hr.step
def show(value: Any) -> hr.Text:
    return str(value)


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return show(text)
