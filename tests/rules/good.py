"""The good counterpart of what stands in ``bad``: every construct as it should be, and nothing to object to."""

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel

import headrace as hr

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=2")]


class Style(str, Enum):  # noqa: UP042  # as users write it
    LOUD = "loud"
    QUIET = "quiet"


class Word(BaseModel):
    text: str
    at: float = 0.0


class Parts(NamedTuple):
    head: hr.Text
    tail: hr.Many[hr.Text]


@hr.step
def split(text: hr.Text, /, at: str = " ") -> Parts:
    head, *tail = text.split(at)
    return Parts(head, tail)


@hr.step(memory="512Mi", max_items=100)
def words(text: hr.Text, *, least: int = 1) -> Iterator[hr.Text]:
    yield from (word for word in text.split() if len(word) >= least)


@hr.step(device="gpu", gpu_memory="2Gi", slice="1g.10gb")
def styled(text: hr.Text, style: Style = Style.LOUD, scale: float = 1) -> hr.Text:
    return text.upper() if style is Style.LOUD and scale else text.lower()


@hr.batched(size=4, wait="5ms")
def lengths(texts: hr.Batch[hr.Text], least: int = 0) -> hr.Batch[int]:
    return [max(len(text), least) for text in texts]


class Embed(hr.StatefulBatch[hr.Text, Vector], size=8, wait="1ms", memory="1Gi"):
    scale: float = 1.0

    def setup(self) -> None:
        self.ones = np.ones(2, np.float32)

    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[Vector]:
        return [np.asarray(self.ones * self.scale * len(item), np.float32) for item in items]


class Tag(hr.Stateful):
    prefix: str
    marks: list[str] = ["!"]

    def __call__(self, text: hr.Text, at: float = 0.0) -> Word:
        return Word(text=self.prefix + text + "".join(self.marks), at=at)


@hr.step
def summary(lengths: hr.Many[int], vectors: hr.Many[Vector], words: hr.Many[Word], first: Word) -> Word:
    return Word(text=f"{sum(lengths)} {len(vectors)} {len(words)} {first.text}")


@hr.dag
def tagged(text: hr.Text, prefix_at: float = 0.5) -> Word:
    return Tag(prefix="<")(text, at=prefix_at)


@hr.dag(deadline="10m")
def whole(text: hr.Text, scale: float = 2.0) -> Word:
    parts = split(text)
    found = words(parts.head, least=2)
    for style in (Style.QUIET, Style.LOUD):
        found = styled.map(found, style, scale=scale)
    counted = lengths.with_(retry=2, timeout="30s", isolate=True, cache=True).map(parts.tail)
    return summary(counted, Embed(scale=2).map(found), Tag(prefix=">").map(parts.tail), tagged(parts.head))


@hr.dag
def several(text: hr.Text) -> Parts:
    head, tail = split(text)
    return Parts(head=styled(head), tail=tail)
