"""The dags that are measured: 500 pages, each through a sub-dag of three steps, straight on or by a switch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel

import headrace as hr

PAGES = 500
WORDS = 300
"""Words of a page: about 2 kB of text."""


class Kind(StrEnum):
    """What a page is: of five pages two are invoices, two are letters and one is neither."""

    INVOICE = "invoice"
    LETTER = "letter"
    OTHER = "other"


class Record(BaseModel):
    """What is known of a page."""

    kind: Kind
    words: int = 0


class Table(BaseModel):
    """All pages together."""

    records: list[Record]
    words: int


@hr.step(max_items=PAGES)
def pages(count: int) -> Iterator[hr.Text]:
    for number in range(count):
        yield f"{number} {'word' * (number % 5)} " + "lorem " * WORDS


class Look(hr.StatefulBatch[hr.Text, Kind], size=8):
    """Tells the kind of a page."""

    batch_ms: int = 0

    def batch(self, items: hr.Batch[hr.Text]) -> hr.Batch[Kind]:
        wait(self.batch_ms)
        return [list(Kind)[int(page.split(" ", 1)[0]) % 5 // 2] for page in items]


class Read(hr.StatefulBatch[hr.Text, hr.Text], size=8):
    """Reads a page: the dear step."""

    batch_ms: int = 0

    def batch(self, items: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
        wait(self.batch_ms)
        return [page.upper() for page in items]


@hr.step
def record(kind: Kind, text: hr.Text) -> Record:
    return Record(kind=kind, words=len(text.split()))


@hr.step
def invoice(text: hr.Text) -> Record:
    return Record(kind=Kind.INVOICE, words=len(text.split()))


@hr.step
def letter(text: hr.Text) -> Record:
    return Record(kind=Kind.LETTER, words=len(text.split()))


@hr.step
def other(kind: Kind) -> Record:
    return Record(kind=kind)


@hr.step
def table(records: hr.Many[Record]) -> Table:
    return Table(records=records, words=sum(each.words for each in records))


def wait(milliseconds: int) -> None:
    """As a body does that waits for a device: without using a processor."""
    if milliseconds:
        time.sleep(milliseconds / 1000)


@hr.dag
def page_straight(page: hr.Text) -> Record:
    return record(Look()(page), Read()(page))


@hr.dag
def page_switched(page: hr.Text) -> Record:
    kind, text = Look()(page), Read()(page)
    return hr.switch(kind).case(Kind.INVOICE, invoice(text)).case(Kind.LETTER, letter(text)).otherwise(other(kind))


@hr.dag
def page_straight_slow(page: hr.Text) -> Record:
    return record(Look(batch_ms=2)(page), Read(batch_ms=8)(page))


@hr.dag
def page_switched_slow(page: hr.Text) -> Record:
    kind, text = Look(batch_ms=2)(page), Read(batch_ms=8)(page)
    return hr.switch(kind).case(Kind.INVOICE, invoice(text)).case(Kind.LETTER, letter(text)).otherwise(other(kind))


@hr.dag
def straight(count: int) -> Table:
    return table(page_straight.map(pages(count)))


@hr.dag
def switched(count: int) -> Table:
    return table(page_switched.map(pages(count)))


@hr.dag
def straight_slow(count: int) -> Table:
    return table(page_straight_slow.map(pages(count)))


@hr.dag
def switched_slow(count: int) -> Table:
    return table(page_switched_slow.map(pages(count)))


DAGS = (straight, switched, straight_slow, switched_slow)
