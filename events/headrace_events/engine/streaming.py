"""The items of tasks that stream: published as they come, each once, and kept until the task's result is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_dags.plan.model import Flow, Segment
from headrace_events.engine import payloads
from headrace_events.engine.events import Item, TaskKey
from headrace_events.engine.exchange import Exchange
from headrace_events.engine.inbox import Inbox
from headrace_serving.tensors import Tensor

LONGEST_SHOWN = 200
"""Characters of an item that its event shows."""


class Streams:
    """The streams of one run.

    Args:
        exchange: packs the items.
        inbox: the run's.
    """

    def __init__(self, exchange: Exchange, inbox: Inbox) -> None:
        self._exchange = exchange
        self._inbox = inbox
        self._found: dict[str, Stream] = {}

    def of(self, task: TaskKey, segment: Segment) -> Stream:
        """The stream of a task; what its attempts before this one made is in it."""
        found = self._found.setdefault(segment.name, Stream(task, segment.outputs[0], self._exchange, self._inbox))
        found.task = task
        return found


@dataclass
class Stream:
    """One stream.

    Attributes:
        task: the attempt that is under way.
        flow: how its items travel.
        items: those that were published, in order.
    """

    task: TaskKey
    flow: Flow
    exchange: Exchange
    inbox: Inbox
    items: list[Tensor] = field(default_factory=list[Tensor])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, index: int, outputs: Mapping[str, Tensor]) -> None:
        """Publish an item, unless it was published before.

        One that is on its way to the log may be in it already: who is cancelled meanwhile leaves when it is known, or the
        item would be published once more.
        """
        publishing = asyncio.ensure_future(self._publish(index, outputs[self.flow.name]))
        try:
            await asyncio.shield(publishing)
        except asyncio.CancelledError:
            await asyncio.wait({publishing})
            raise

    async def _publish(self, index: int, item: Tensor) -> None:
        async with self._turn:
            if index < len(self.items):
                return
            packed, parts = await self.exchange.pack({self.flow.name: item}, {self.flow.name: self.flow})
            event = Item(task=self.task, index=index, outputs=packed, shown=shown(self.flow, item))
            await self.inbox.append(event, parts)
            self.items.append(item)

    def whole(self) -> dict[str, Tensor]:
        """All items as one value: what was published, whatever the last attempt made of it."""
        return {self.flow.name: Tensor.join(self.items) if self.items else payloads.empty(self.flow)}


def shown(flow: Flow, item: Tensor) -> str:
    """A short text or short JSON as it is; empty for all else."""
    if flow.wire not in ("text", "json"):
        return ""
    data: bytes = item.array.flat[0]
    text = (data[1:] if flow.optional else data).decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
