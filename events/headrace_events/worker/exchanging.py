"""Between a worker's tensors and what travels: inputs from an order and the object store, outputs into an event or the store."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace_dags.plan.model import Flow
from headrace_events.codec.orders import Claim, Order
from headrace_events.codec.parts import Part
from headrace_events.engine import payloads
from headrace_events.engine.events import Payload
from headrace_serving.objects.contract import ObjectStore, Reference
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import keys

Packed = tuple[dict[str, Payload], dict[str, Part]]
"""Payloads by name, and those that the event holds itself."""


def reference(payload: Payload) -> Reference:
    """The claim check of a payload that lies in the object store."""
    sha256 = payload.key.rpartition("/")[2]
    return Reference(key=payload.key, sha256=sha256, size=payload.nbytes, media_type=payloads.MEDIA_TYPE)


class Stranger(ValueError):
    """Raised for a claim check that leads out of the tenant's part of the object store."""


@dataclass(frozen=True, slots=True)
class Exchanging:
    """What one worker exchanges.

    Attributes:
        store: the object store.
        inline_bytes: the most bytes of tensors that one event holds itself.
    """

    store: ObjectStore
    inline_bytes: int = 256 * 1024

    async def inputs(self, order: Order, flows: Sequence[Flow]) -> dict[str, Tensor]:
        """The tensors that a task works on, by the flow's name.

        Raises:
            Stranger: a claim check is none of the tenant's.
            OSError: the store fails; ``FileNotFoundError`` where an object is not there.
            ValueError: an object or a part is not what it is said to be.
        """
        return {flow.name: await self.joined(order, order.head.inputs.get(flow.name, ()), flow) for flow in flows}

    async def joined(self, order: Order, pieces: Sequence[Claim | str], flow: Flow) -> Tensor:
        """The items of all pieces, in order."""
        if not pieces:
            return payloads.empty(flow)
        return Tensor.join([await self._piece(order, piece) for piece in pieces])

    async def _piece(self, order: Order, piece: Claim | str) -> Tensor:
        if isinstance(piece, str):
            return order.parts[piece].tensor()
        if not piece.payload.key.startswith(f"{order.head.tenant}/"):
            raise Stranger(f"expects an object of {order.head.tenant}, got {piece.payload.key[:160]!r}")
        return await asyncio.to_thread(self.read, piece)

    def read(self, claim: Claim) -> Tensor:
        """The items that a claim check stands for.

        Raises:
            OSError: the store fails.
            ValueError: the object is not what it is said to be.
        """
        with self.store.open(reference(claim.payload)) as stream:
            return payloads.read_items(stream, claim.start, claim.stop)

    async def pack(self, prefix: str, tensors: Mapping[str, Tensor], flows: Mapping[str, Flow]) -> Packed:
        """Payloads for tensors; the smallest travel in the event as long as they fit together.

        Args:
            prefix: where in the store the others go.
            tensors: by name.
            flows: how each of them travels, by the same names.

        Raises:
            EnvironmentLack: the store is full or cannot be written.
        """
        packed: dict[str, Payload] = {}
        parts: dict[str, Part] = {}
        left_bytes = self.inline_bytes
        for name, tensor in sorted(tensors.items(), key=lambda each: each[1].nbytes):
            part = Part.of(tensor) if tensor.nbytes <= left_bytes else None
            if part and len(part.raw) <= left_bytes:
                left_bytes -= len(part.raw)
                parts[name] = part
                packed[name] = Payload(items=tensor.items, nbytes=len(part.raw), part=name)
            else:
                packed[name] = await asyncio.to_thread(self._spill, prefix, tensor)
            if (flow := flows.get(name)) and flow.decides:
                packed[name] = packed[name].model_copy(update={"keys": keys(flow, tensor)})
        return packed, parts

    def _spill(self, prefix: str, tensor: Tensor) -> Payload:
        stored = self.store.put(prefix, io.BytesIO(payloads.write(tensor)), payloads.MEDIA_TYPE)
        return Payload(items=tensor.items, nbytes=stored.size, key=stored.key)
