"""What checkers make of branches, joins and maps: nothing here is wrong."""

from enum import Enum
from typing import assert_type

from pydantic import BaseModel

import headrace as hr


class Kind(str, Enum):  # noqa: UP042  # as many write it
    INVOICE = "invoice"
    LETTER = "letter"


class Invoice(BaseModel):
    total: int


class Letter(BaseModel):
    sender: str


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return Kind(text)


@hr.step
def is_long(text: hr.Text) -> bool:
    return len(text) > 80


@hr.step
def invoice(text: hr.Text) -> Invoice:
    return Invoice(total=len(text))


@hr.step
def letter(text: hr.Text) -> Letter:
    return Letter(sender=text)


@hr.step
def pair(a: hr.Text, b: int) -> float:
    return len(a) + b


class Keep(hr.Stateful):
    mark: str = "k"

    def __call__(self, text: hr.Text) -> hr.Text:
        return text + self.mark


@hr.dag
def page(text: hr.Text) -> Invoice | Letter:
    found = hr.switch(kind_of(text)).case(Kind.INVOICE, invoice(text)).case(Kind.LETTER, letter(text)).end()
    assert_type(found, Invoice | Letter)
    return found


@hr.dag
def joins(text: hr.Text) -> Invoice:
    maybe = hr.switch(kind_of(text)).case(Kind.INVOICE, invoice(text)).otherwise(None)
    assert_type(maybe, Invoice | None)
    assert_type(hr.when(is_long(text), letter(text)), Letter | None)
    assert_type(hr.optional(letter(text), within="2s"), Letter | None)
    assert_type(hr.first(letter(text), letter(text)), Letter)
    assert_type(hr.quorum(2, letter(text), letter(text), within="2s"), list[Letter | None])
    assert_type(invoice(text).total, int)
    return invoice(text)


@hr.dag
def maps(texts: hr.Many[hr.Text], numbers: hr.Many[int]) -> hr.Many[float]:
    assert_type(page.map(texts), list[Invoice | Letter])
    assert_type(letter.tolerant(min_success=0.5).map(texts), list[Letter | None])
    assert_type(Keep(mark="x").tolerant(min_success=0.5).map(texts), list[str | None])
    assert_type(letter.with_(name="cover").map(texts), list[Letter])
    return pair.zip(texts, numbers)
