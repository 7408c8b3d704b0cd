"""The dags that are measured: trivial and 10 ms bodies, fused and in ensembles, and a 5 ms body with and without batching."""

from __future__ import annotations

import time

import headrace as hr


@hr.step
def first(text: hr.Text) -> hr.Text:
    return text


@hr.step
def second(text: hr.Text) -> hr.Text:
    return text


class First(hr.Stateful):
    """A model of its own: class steps are not fused."""

    pause_ms: int = 0

    def __call__(self, text: hr.Text) -> hr.Text:
        work(self.pause_ms)
        return text


class Second(hr.Stateful):
    """As ``First``; another class, so that the two are told apart in the server's statistics."""

    pause_ms: int = 0

    def __call__(self, text: hr.Text) -> hr.Text:
        work(self.pause_ms)
        return text


@hr.batched(size=64)
def many_at_once(texts: hr.Batch[hr.Text]) -> hr.Batch[hr.Text]:
    work(5)
    return texts


class OneByOne(hr.Stateful):
    """The same 5 ms for one text alone."""

    def __call__(self, text: hr.Text) -> hr.Text:
        work(5)
        return text


def work(milliseconds: int) -> None:
    """Waits as a body does that waits for a device: without using a processor."""
    if milliseconds:
        time.sleep(milliseconds / 1000)


@hr.dag
def fused(text: hr.Text) -> hr.Text:
    return second(first(text))


@hr.dag
def ensemble(text: hr.Text) -> hr.Text:
    return Second()(First()(text))


@hr.dag
def slow_ensemble(text: hr.Text) -> hr.Text:
    return Second(pause_ms=10)(First(pause_ms=10)(text))


@hr.dag
def batching(text: hr.Text) -> hr.Text:
    return many_at_once(text)


@hr.dag
def no_batching(text: hr.Text) -> hr.Text:
    return OneByOne()(text)


DAGS = (fused, ensemble, slow_ensemble, batching, no_batching)
