"""Small steps and dags that the tests of tracing look at."""

from collections.abc import Iterator
from typing import NamedTuple

import headrace as hr


class Parts(NamedTuple):
    head: hr.Text
    tail: hr.Many[hr.Text]


@hr.step
def shout(text: hr.Text, times: int = 1) -> hr.Text:
    return text.upper() * times


@hr.step
def join(a: hr.Text, b: hr.Text) -> hr.Text:
    return f"{a} {b}"


@hr.step(max_items=50, memory="1Gi")
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.batched(size=4, wait="5ms")
def lengths(texts: hr.Batch[hr.Text], least: int = 0) -> hr.Batch[int]:
    return [max(len(text), least) for text in texts]


@hr.step
def total(numbers: hr.Many[int], scale: float = 1.0) -> float:
    return sum(numbers) * scale


@hr.step
def split(text: hr.Text) -> Parts:
    head, *tail = text.split()
    return Parts(head, tail)


class ReadAloud(hr.Stateful, device="gpu", gpu_memory="2Gi"):
    voice: str = "anna"
    speed: float = 1

    def setup(self) -> None:
        self.times = 0

    def __call__(self, text: hr.Text, louder: bool = False) -> hr.Text:
        self.times += 1
        return f"{self.voice}: {text.upper() if louder else text}"


class CountAll(hr.StatefulBatch[hr.Text, int], size=3, wait="1ms"):
    offset: int

    def setup(self) -> None:
        self.batches: list[int] = []

    def batch(self, items: hr.Batch[hr.Text], /) -> hr.Batch[int]:
        self.batches.append(len(items))
        return [len(item) + self.offset for item in items]


@hr.dag
def louder(text: hr.Text, times: int = 2) -> hr.Text:
    return shout(shout(text), times=times)


@hr.dag
def parted(text: hr.Text) -> Parts:
    parts = split(text)
    return Parts(head=shout(parts.head), tail=shout.map(parts.tail))


@hr.dag(deadline="10m")
def counted(text: hr.Text, scale: float = 2.0) -> float:
    found = words(louder(text))
    return total(lengths.map(found, least=3), scale)


@hr.dag
def nested(text: hr.Text) -> hr.Text:
    parts = parted(text)
    return join(louder(parts.head), louder(text, times=3))


@hr.dag
def spoken(text: hr.Text) -> float:
    aloud = ReadAloud(voice="ben").with_(retry=2, timeout="1m", isolate=True, cache=True)
    found = words(aloud(text, louder=True))
    return total(CountAll(offset=1).map(found))
