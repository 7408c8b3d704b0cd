"""From a task's pieces to an order that a worker can execute without the inbox: small tensors in it, large ones by claim check."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from headrace_events.codec.events import read
from headrace_events.codec.orders import Claim, Order, OrderHead
from headrace_events.codec.parts import Part
from headrace_events.engine import payloads
from headrace_events.engine.events import IssueTask, Payload, Piece
from headrace_events.log.contract import Log
from headrace_events.orchestrator.live import LiveRun
from headrace_events.worker.exchanging import reference
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import missing

Parts = Mapping[str, Part]

MOST_PIECES = 64
"""Pieces of one value that an order or an outcome names: what has more goes as one object."""

HAVE = "#have"
"""Where the items of a stream are that are there already; no flow is called so."""


class LostPayload(LookupError):
    """Raised for a payload that the inbox holds no more: its retention is shorter than a run may take."""


@dataclass
class Carrier:
    """Makes orders.

    Attributes:
        log: holds the inbox.
        inbox: its name.
        store: takes what is too large for an order.
        inline_bytes: the most bytes of tensors in one order.
        cache_bytes: the most bytes of tensors that are kept, those used last.
    """

    log: Log
    inbox: str
    store: ObjectStore
    inline_bytes: int = 256 * 1024
    cache_bytes: int = 64 * 1024 * 1024
    _kept: OrderedDict[tuple[int, int], Parts] = field(default_factory=OrderedDict[tuple[int, int], Parts], init=False)
    _kept_bytes: int = field(default=0, init=False)

    def keep(self, partition: int, offset: int, parts: Parts) -> None:
        """Keep what an event holds itself at hand: somebody will take it soon."""
        if not parts or (partition, offset) in self._kept:
            return
        self._kept[partition, offset] = parts
        self._kept_bytes += _size(parts)
        while self._kept_bytes > self.cache_bytes:
            self._kept_bytes -= _size(self._kept.popitem(last=False)[1])

    async def order(self, live: LiveRun, partition: int, command: IssueTask) -> Order:
        """The order of a task.

        Args:
            live: the run.
            partition: its home.
            command: the task and its pieces.

        Raises:
            LostPayload: the inbox does not hold a payload any more.
            EnvironmentLack: the store is full or cannot be written.
        """
        pieces = {
            flow: await self.pieces(partition, await self.gathered(live.prefix, partition, some))
            for flow, some in command.inputs.items()
        }
        have = live.streams.get(command.task.segment, ())
        pieces[HAVE] = await self.pieces(partition, [Piece(each, 0, each.items) for each in have])
        parts: dict[str, Part] = {}
        inputs: dict[str, tuple[Claim | str, ...]] = {}
        left_bytes = self.inline_bytes
        for flow, some in sorted(pieces.items(), key=lambda each: _inline(each[1])):
            if (needs := _inline(some)) <= left_bytes:
                left_bytes -= needs
                inputs[flow] = _named(flow, some, parts)
            else:
                inputs[flow] = tuple([await self._claimed(live.prefix, each) for each in some])
        return Order(self._head(live, partition, command, inputs), parts, live.about.trace)

    def _head(
        self, live: LiveRun, partition: int, command: IssueTask, inputs: dict[str, tuple[Claim | str, ...]]
    ) -> OrderHead:
        have = inputs.pop(HAVE)
        return OrderHead(
            run=live.state.run,
            partition=partition,
            plan=live.about.plan,
            tenant=live.about.tenant,
            task=command.task,
            timeout_s=command.timeout_s,
            expires_s=live.state.deadline_at_s,
            inputs=inputs,
            have=have,
        )

    async def gathered(self, prefix: str, partition: int, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """The pieces; of more than :data:`MOST_PIECES` their items as one object, since a record could not name them all.

        Args:
            prefix: where in the store it goes.
            partition: the run's home.
            pieces: of one value.

        Raises:
            LostPayload: the inbox does not hold a payload any more.
            OSError: the store fails.
            EnvironmentLack: the store is full or cannot be written.
        """
        if len(pieces) <= MOST_PIECES:
            return pieces
        found = await self.pieces(partition, pieces)
        payload = await asyncio.to_thread(self._joined, prefix, found)
        return (Piece(payload, 0, payload.items),)

    def _joined(self, prefix: str, pieces: Sequence[Part | Claim]) -> Payload:
        tensors = [each.tensor() if isinstance(each, Part) else self._read_claim(each) for each in pieces]
        return self._spill(prefix, Tensor.join(tensors))

    def _read_claim(self, claim: Claim) -> Tensor:
        with self.store.open(reference(claim.payload)) as stream:
            return payloads.read_items(stream, claim.start, claim.stop)

    async def pieces(self, partition: int, pieces: Sequence[Piece]) -> list[Part | Claim]:
        """The pieces, neighbours that lie in events joined where that is possible."""
        found = [await self._piece(partition, piece) for piece in pieces]
        joined: list[Part | Claim] = []
        for _, some in groupby(found, key=_kind):
            alike = list(some)
            whole = Part.join([each for each in alike if isinstance(each, Part)])
            joined += alike if whole is None else [whole]
        return joined

    async def _piece(self, partition: int, piece: Piece) -> Part | Claim:
        payload = piece.payload
        if payload is None:
            return Part.of(missing(piece.stop - piece.start))
        if payload.key:
            return Claim(payload=payload, start=piece.start, stop=piece.stop)
        parts = self._kept.get((partition, payload.offset)) or await self._read(partition, payload.offset)
        if payload.part not in parts:
            raise LostPayload(f"the event at {payload.offset} of partition {partition} holds no {payload.part!r}")
        return parts[payload.part].cut(piece.start, piece.stop)

    async def _read(self, partition: int, offset: int) -> Parts:
        entries = await self.log.fetch(self.inbox, partition, offset, limit=1)
        if not entries or entries[0].offset != offset:
            raise LostPayload(f"the inbox does not hold the event at {offset} of partition {partition} any more")
        parts = read(entries[0]).parts
        self.keep(partition, offset, parts)
        return parts

    async def _claimed(self, prefix: str, piece: Part | Claim) -> Claim:
        if isinstance(piece, Claim):
            return piece
        payload = await asyncio.to_thread(self._spill, prefix, piece.tensor())
        return Claim(payload=payload, start=0, stop=payload.items)

    def _spill(self, prefix: str, tensor: Tensor) -> Payload:
        stored = self.store.put(prefix, io.BytesIO(payloads.write(tensor)), payloads.MEDIA_TYPE)
        return Payload(items=tensor.items, nbytes=stored.size, key=stored.key)


def _named(flow: str, pieces: Sequence[Part | Claim], parts: dict[str, Part]) -> tuple[Claim | str, ...]:
    """The pieces, with the names under which the order holds its own: of a single one the flow's."""
    found: list[Claim | str] = []
    for place, piece in enumerate(pieces):
        if isinstance(piece, Claim):
            found.append(piece)
        else:
            name = f"{flow}#{place}" if place else flow
            parts[name] = piece
            found.append(name)
    return tuple(found)


def _kind(piece: Part | Claim) -> tuple[object, ...]:
    """What parts that can be joined have in common; claims are never."""
    return (piece.datatype, piece.shape[1:]) if isinstance(piece, Part) else ()


def _inline(pieces: Sequence[Part | Claim]) -> int:
    return sum(len(piece.raw) for piece in pieces if isinstance(piece, Part))


def _size(parts: Parts) -> int:
    return sum(len(part.raw) for part in parts.values())
