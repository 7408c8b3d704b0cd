"""The items of a task that streams: published as they come, each once, and kept until the task's result is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from headrace_dags.plan.model import Flow
from headrace_events.codec.orders import Order
from headrace_events.codec.parts import Part
from headrace_events.engine import payloads
from headrace_events.engine.events import Event, Item
from headrace_events.engine.streaming import shown
from headrace_events.worker.exchanging import Exchanging
from headrace_serving.tensors import Tensor


class Publish(Protocol):
    """Appends an event of an order's run, with the payloads that it holds."""

    async def __call__(self, order: Order, event: Event, parts: Mapping[str, Part], /) -> None:
        """Publish."""
        ...


@dataclass
class Stream:
    """One stream.

    Attributes:
        order: the attempt that is under way.
        flow: how its items travel.
        exchanging: packs them.
        publish: publishes them.
        items: those that were published, by this attempt or one before, in order.
    """

    order: Order
    flow: Flow
    exchanging: Exchanging
    publish: Publish
    items: list[Tensor]
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
            head = self.order.head
            prefix, flows = f"{head.tenant}/{head.run}", {self.flow.name: self.flow}
            packed, parts = await self.exchanging.pack(prefix, {self.flow.name: item}, flows)
            event = Item(task=head.task, index=index, outputs=packed, shown=shown(self.flow, item))
            await self.publish(self.order, event, parts)
            self.items.append(item)

    def whole(self) -> dict[str, Tensor]:
        """All items as one value: what was published, whatever the last attempt made of it."""
        return {self.flow.name: Tensor.join(self.items) if self.items else payloads.empty(self.flow)}
