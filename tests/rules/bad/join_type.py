from enum import StrEnum

import headrace as hr


class Kind(StrEnum):
    INVOICE = "invoice"
    LETTER = "letter"


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return Kind.LETTER


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.step
def count(text: hr.Text) -> int:
    return len(text)


@hr.step
def show(value: hr.Text) -> hr.Text:
    return value


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    chosen = hr.switch(kind_of(text)).case(Kind.LETTER, shout(text)).otherwise(count(text))
    return show(chosen)  # type: ignore[arg-type]
