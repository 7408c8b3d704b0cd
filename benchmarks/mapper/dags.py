"""The dags that are measured: the same map once over a bounded axis, which a mapper drives, and once in the engine's chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import headrace as hr


@hr.step(max_items=200)
def few(number: int) -> Iterator[int]:
    yield from range(number)


@hr.step
def many(number: int) -> Iterator[int]:
    yield from range(number)


@hr.step
def total(numbers: hr.Many[int]) -> int:
    return sum(numbers)


class InBatches(hr.StatefulBatch[int, int], size=8):
    """As long for a whole batch as for one item, as on a device."""

    pause_ms: int = 0

    def batch(self, items: hr.Batch[int], /) -> hr.Batch[int]:
        work(self.pause_ms)
        return [number + 1 for number in items]


class OneByOne(hr.Stateful):
    pause_ms: int = 0

    def __call__(self, number: int) -> int:
        work(self.pause_ms)
        return number + 1


def work(milliseconds: int) -> None:
    """Waits as a body does that waits for a device: without using a processor."""
    if milliseconds:
        time.sleep(milliseconds / 1000)


@hr.dag
def quick_by_mapper(number: int) -> int:
    items = few.with_(name="make_quick_mapper")(number)
    return total.with_(name="total_quick_mapper")(InBatches().with_(name="quick_mapper").map(items))


@hr.dag
def quick_by_chunks(number: int) -> int:
    items = many.with_(name="make_quick_chunks")(number)
    return total.with_(name="total_quick_chunks")(InBatches().with_(name="quick_chunks").map(items))


@hr.dag
def slow_by_mapper(number: int) -> int:
    items = few.with_(name="make_slow_mapper")(number)
    return total.with_(name="total_slow_mapper")(InBatches(pause_ms=5).with_(name="slow_mapper").map(items))


@hr.dag
def slow_by_chunks(number: int) -> int:
    items = many.with_(name="make_slow_chunks")(number)
    return total.with_(name="total_slow_chunks")(InBatches(pause_ms=5).with_(name="slow_chunks").map(items))


@hr.dag
def single_by_mapper(number: int) -> int:
    items = few.with_(name="make_single_mapper")(number)
    return total.with_(name="total_single_mapper")(OneByOne(pause_ms=1).with_(name="single_mapper").map(items))


@hr.dag
def single_by_chunks(number: int) -> int:
    items = many.with_(name="make_single_chunks")(number)
    return total.with_(name="total_single_chunks")(OneByOne(pause_ms=1).with_(name="single_chunks").map(items))


BODIES = ("quick", "slow", "single")
"""Batches of eight with a trivial body, the same with 5 ms a batch, and a model of 1 ms that takes one item at a time."""
