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


@hr.dag
def bad(text: hr.Text) -> hr.Text:
    return hr.switch(kind_of(text)).case("letter", shout(text)).otherwise(shout(text))  # type: ignore[arg-type]
