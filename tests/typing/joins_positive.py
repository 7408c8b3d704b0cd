"""What checkers must infer of branches, joins, mapped dags, optional ports and tolerant maps. Read by both, never run."""

# mypy: disable-error-code="empty-body"

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, NamedTuple, TypeAlias, assert_type

import numpy as np
from pydantic import BaseModel

import headrace as hr

Vector: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384")]


class Kind(str, Enum):  # noqa: UP042  # as users write it
    INVOICE = "invoice"
    LETTER = "letter"
    OTHER = "other"


class Invoice(BaseModel):
    total: float
    currency: str | None = None


class Letter(BaseModel):
    sender: str


class Order(BaseModel):
    invoice: Invoice
    lines: list[str]


class Sides(NamedTuple):
    left: hr.Text
    right: Invoice


@hr.step
def kind_of(page: hr.Text) -> Kind: ...


@hr.step
def is_long(page: hr.Text) -> bool: ...


@hr.step
def invoice(page: hr.Text) -> Invoice: ...


@hr.step
def letter(page: hr.Text) -> Letter: ...


@hr.step
def order(page: hr.Text) -> Order: ...


@hr.step
def sides(page: hr.Text) -> Sides: ...


@hr.step
def filed(record: Invoice | Letter | None, mark: str = "") -> hr.Text: ...


@hr.step
def listed(lines: hr.Many[hr.Text | None]) -> hr.Text: ...


@hr.step
def shout(page: hr.Text, times: int = 1) -> hr.Text: ...


@hr.step
def weigh(page: hr.Text, weight: float, scale: int = 1) -> float: ...


@hr.step
def words(page: hr.Text) -> Iterator[hr.Text]:
    yield from ()


@hr.batched(size=8)
def rank(pages: hr.Batch[hr.Text], weights: hr.Batch[float], top: int = 3) -> hr.Batch[float]: ...


@hr.onnx("embed.onnx", size=16)
def embed(ids: hr.Batch[Vector]) -> hr.Batch[Vector]: ...


class Translate(hr.Stateful):
    language: str = "de"

    def __call__(self, page: hr.Text, style: str = "short") -> hr.Text: ...


class Compare(hr.Stateful):
    def __call__(self, page: hr.Text, other: Invoice, deep: bool = False) -> float: ...


class Encode(hr.StatefulBatch[hr.Text, Vector], size=32):
    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[Vector]: ...


@hr.dag
def page_line(page: hr.Text, mark: str = "-") -> hr.Text:
    kind = kind_of(page)
    assert_type(kind, Kind)
    begun = hr.switch(kind).case(Kind.INVOICE, invoice(page))
    record = begun.case(Kind.LETTER, letter(page)).otherwise(None)
    assert_type(record, Invoice | Letter | None)
    return filed(record, mark=mark)


@hr.dag
def beside(page: hr.Text, record: Invoice, mark: str = "-") -> hr.Text:
    return filed(record, mark=mark)


def switches(page: str, kind: Kind) -> None:
    alone = hr.switch(kind).case(Kind.INVOICE, invoice(page))
    assert_type(alone.end(), Invoice)
    assert_type(alone.otherwise(None), Invoice | None)
    assert_type(alone.otherwise(invoice(page)), Invoice)
    assert_type(alone.otherwise(letter(page)), Invoice | Letter)
    assert_type(alone.case(Kind.LETTER, letter(page)).end(), Invoice | Letter)
    assert_type(hr.switch(kind).case(Kind.OTHER, hr.when(is_long(page), page)).otherwise("x"), str | None)
    assert_type(hr.switch(kind).case(Kind.OTHER, words(page)).otherwise(words(page)), list[str])
    nested = hr.switch(kind_of(page)).case(Kind.OTHER, hr.switch(kind).case(Kind.OTHER, 1).otherwise(None)).otherwise(2)
    assert_type(nested, int | None)


def joins(page: str, image: hr.Jpeg, other: hr.ImageFile) -> None:
    assert_type(hr.when(is_long(page), invoice(page)), Invoice | None)
    assert_type(hr.optional(letter(page), within="2s"), Letter | None)
    assert_type(hr.optional(hr.when(is_long(page), page), within="2s"), str | None)
    assert_type(hr.first(invoice(page), invoice(page)), Invoice)
    assert_type(hr.first(words(page), words(page)), list[str])
    assert_type(hr.quorum(2, letter(page), letter(page), letter(page), within="5s"), list[Letter | None])
    assert_type(hr.collect(words(page)), list[str])
    assert_type(filed(hr.when(is_long(page), invoice(page))), str)
    assert_type(listed(hr.quorum(1, page, shout(page), within="5s")), str)
    assert_type(hr.first(image, image), hr.Jpeg)


def maps(pages: list[str], weights: list[float], records: list[Invoice], vectors: list[Vector]) -> None:
    assert_type(page_line.map(pages), list[str])
    assert_type(page_line.map(pages, mark="*"), list[str])
    assert_type(page_line.map(words(pages[0]), "*"), list[str])
    assert_type(beside.map(pages, records[0]), list[str])
    assert_type(beside.zip(pages, records), list[str])
    assert_type(beside.zip(pages, records, mark="*"), list[str])
    assert_type(weigh.zip(pages, weights), list[float])
    assert_type(weigh.zip(pages, weights, scale=2), list[float])
    assert_type(rank.zip(pages, weights, top=1), list[float])
    assert_type(Compare().zip(pages, records, deep=True), list[float])
    assert_type(embed.map(vectors), list[Vector])


def tolerates(pages: list[str], weights: list[float], records: list[Invoice], vectors: list[Vector]) -> None:
    assert_type(shout.tolerant(min_success=0.9).map(pages, times=2), list[str | None])
    assert_type(weigh.tolerant(min_success=0.9).zip(pages, weights, scale=2), list[float | None])
    assert_type(rank.tolerant(min_success=1).map(pages, 0.5), list[float | None])
    assert_type(embed.tolerant(min_success=0).map(vectors), list[Vector | None])
    assert_type(Translate(language="en").tolerant(min_success=0.5).map(pages, style="long"), list[str | None])
    assert_type(Compare().tolerant(min_success=0.5).zip(pages, records, deep=True), list[float | None])
    assert_type(Encode().tolerant(min_success=0.5).map(pages), list[Vector | None])
    used = shout.with_(timeout="2s", name="loud").tolerant(min_success=0.5).with_(isolate=True)
    assert_type(used.map(pages), list[str | None])
    assert_type(Translate().with_(name="said", isolate=True), Translate)
    assert_type(listed(shout.tolerant(min_success=0).map(pages)), str)


def fields(page: str) -> None:
    assert_type(order(page).invoice.total, float)
    assert_type(order(page).invoice.currency, str | None)
    assert_type(order(page).lines, list[str])
    assert_type(sides(page).right.total, float)
