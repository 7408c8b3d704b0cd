from typing import NamedTuple

import headrace as hr


class Parts(NamedTuple):
    head: hr.Text
    tail: hr.Text


@hr.step
def split(text: hr.Text) -> Parts:
    head, _, tail = text.partition(" ")
    return Parts(head, tail)


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return shout(split(text))
