from collections.abc import Iterator
from enum import StrEnum

import headrace as hr


class Kind(StrEnum):
    INVOICE = "invoice"
    LETTER = "letter"


@hr.step
def measure(
    text: hr.Text,
    video: bytes,
) -> int:
    return len(text) + len(video)


@hr.step
async def fetch(text: hr.Text) -> hr.Text:
    return text


@hr.step
def kind_of(text: hr.Text) -> Kind:
    return Kind.LETTER


@hr.step
def shorten(text: hr.Text, most: int = 100) -> hr.Text:
    return text[:most]


@hr.step
def title(first: hr.Text, second: hr.Text) -> hr.Text:
    return f"{first}: {second}"


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def join(texts: hr.Many[hr.Text]) -> hr.Text:
    return " ".join(texts)


@hr.step
def told(texts: hr.Many[hr.Text | None], text: hr.Text | None) -> hr.Text:
    return f"{texts} {text}"


@hr.dag
def branched(text: hr.Text) -> hr.Text:
    short = shorten(text)
    if short:
        short = shorten(short, 10)
    late = hr.optional(shorten(text, 20), within="soon")
    kind = hr.switch(kind_of(text)).case(Kind.LETTER, short)
    some = shorten.tolerant(min_success=90).map(words(text))
    return title(told(some, late), kind)


@hr.dag
def joined(text: hr.Text) -> hr.Text:
    pairs = title.zip(words(text), text)
    two = hr.quorum(
        3,
        shorten(text),
        shorten(text, 10),
        within="5s",
    )
    return told(two, join(pairs))


@hr.dag
def streamed(text: hr.Text) -> hr.Many[hr.Text]:
    short = shorten.with_(
        idle="5s",
    )(text)
    return words.with_(cache=True)(short)
