"""Between tensors and payloads: inline in the event or spilled to the object store, and found again by reference."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from headrace_dags.plan.model import Flow
from headrace_events.engine import payloads
from headrace_events.engine.events import Payload, Piece
from headrace_events.engine.inbox import Inbox
from headrace_events.engine.settings import ShellSettings
from headrace_serving.objects.contract import ObjectStore, Reference
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import keys, missing

_LARGEST_SHARE = 4
"""The cache keeps nothing above this part of its size: one large value would push out all others."""

Packed = tuple[dict[str, Payload], dict[str, bytes]]
"""Payloads by name, and the bytes of those that the event holds itself."""


def reference(payload: Payload) -> Reference:
    """The claim check of a spilled payload."""
    sha256 = payload.key.rpartition("/")[2]
    return Reference(key=payload.key, sha256=sha256, size=payload.nbytes, media_type=payloads.MEDIA_TYPE)


class TensorCache:
    """The tensors used last, up to some bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._tensors: OrderedDict[tuple[str, int, str], tuple[Tensor, int]] = OrderedDict()

    def get(self, payload: Payload) -> Tensor | None:
        """The tensor of ``payload``, if it is still here."""
        name = _name(payload)
        if (found := self._tensors.get(name)) is None:
            return None
        self._tensors.move_to_end(name)
        return found[0]

    def put(self, payload: Payload, tensor: Tensor) -> None:
        """Keep a tensor, in place of those not used for longest."""
        name = _name(payload)
        if payload.nbytes * _LARGEST_SHARE > self._limit_bytes or name in self._tensors:
            return
        self._tensors[name] = tensor, payload.nbytes
        self._size_bytes += payload.nbytes
        while self._size_bytes > self._limit_bytes:
            self._size_bytes -= self._tensors.popitem(last=False)[1][1]


class Exchange:
    """Packs tensors for one run and finds them again.

    Args:
        inbox: the run's; its events hold the inline payloads.
        store: holds spilled payloads.
        settings: how much goes inline and how much is kept in memory.
    """

    def __init__(self, inbox: Inbox, store: ObjectStore, settings: ShellSettings) -> None:
        self._inbox = inbox
        self._store = store
        self._prefix = settings.prefix(inbox.run)
        self._inline_bytes = settings.inline_bytes
        self._log_bytes = settings.log_bytes
        self._cache = TensorCache(settings.cache_bytes)

    async def pack(self, tensors: Mapping[str, Tensor], flows: Mapping[str, Flow]) -> Packed:
        """Payloads for ``tensors``; the smallest go inline as long as they fit together, and as the log has room for them.

        Args:
            tensors: by name.
            flows: how each of them travels, by the same names.

        Raises:
            EnvironmentLack: the store is full or cannot be written.
        """
        packed: dict[str, Payload] = {}
        parts: dict[str, bytes] = {}
        left_bytes = min(self._inline_bytes, self._log_bytes)
        for name, tensor in sorted(tensors.items(), key=lambda each: each[1].nbytes):
            data = payloads.write(tensor) if tensor.nbytes <= left_bytes else b""
            if data and len(data) <= left_bytes:
                left_bytes -= len(data)
                self._log_bytes -= len(data)
                parts[name] = data
                packed[name] = Payload(items=tensor.items, nbytes=len(data), part=name)
            else:
                packed[name] = await asyncio.to_thread(self._spill, tensor)
            if (flow := flows.get(name)) and flow.decides:
                packed[name] = packed[name].model_copy(update={"keys": keys(flow, tensor)})
        return packed, parts

    def keep(self, packed: Mapping[str, Payload], tensors: Mapping[str, Tensor]) -> None:
        """Keep tensors at hand for those who take them next; their payloads have their place by now."""
        for name, payload in packed.items():
            self._cache.put(payload, tensors[name])

    async def fetch(self, pieces: Sequence[Piece], flow: Flow) -> Tensor:
        """The items of all ``pieces``, in order, as they travel on ``flow``."""
        if not pieces:
            return payloads.empty(flow)
        return Tensor.join([await self._piece(piece) for piece in pieces])

    async def _piece(self, piece: Piece) -> Tensor:
        payload = piece.payload
        if payload is None:
            return missing(piece.stop - piece.start)
        if (tensor := self._cache.get(payload)) is not None:
            return tensor.cut(piece.start, piece.stop)
        if payload.key and (piece.start, piece.stop) != (0, payload.items):
            return await asyncio.to_thread(self._read, payload, piece.start, piece.stop)
        tensor = await self._load(payload)
        self._cache.put(payload, tensor)
        return tensor.cut(piece.start, piece.stop)

    async def _load(self, payload: Payload) -> Tensor:
        if payload.key:
            return await asyncio.to_thread(self._read, payload, 0, None)
        return payloads.read(await self._inbox.inline(payload))

    def _spill(self, tensor: Tensor) -> Payload:
        data = payloads.write(tensor)
        stored = self._store.put(self._prefix, io.BytesIO(data), payloads.MEDIA_TYPE)
        return Payload(items=tensor.items, nbytes=stored.size, key=stored.key)

    def _read(self, payload: Payload, start: int, stop: int | None) -> Tensor:
        with self._store.open(reference(payload)) as stream:
            return payloads.read_items(stream, start, stop)


def _name(payload: Payload) -> tuple[str, int, str]:
    return payload.key, payload.offset, payload.part
