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
    one, two = shout(text), shout(text)
    kind = kind_of(text)
    by_two = hr.switch(kind_of(two)).case(Kind.LETTER, one).otherwise(shout(text))
    by_one = hr.switch(kind_of(one)).case(Kind.LETTER, two).otherwise(shout(text))
    return hr.switch(kind).case(Kind.LETTER, by_two).otherwise(by_one)
