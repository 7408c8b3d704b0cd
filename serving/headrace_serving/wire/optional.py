"""Items that may be missing: one byte before each says whether it is there, and behind that of a lost one lies why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace_dags.plan.model import Flow
from headrace_serving.failure import TaskFailure
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.contract import BytesWire, Sink

ABSENT, PRESENT, LOST = b"\x00", b"\x01", b"\x02"


def optional_wire(inner: BytesWire) -> BytesWire:
    """A wire whose items may be ``None``; a :class:`TaskFailure` in the place of an item says how it was lost."""

    def dump(item: Any, sink: Sink) -> bytes:
        if isinstance(item, TaskFailure):
            return LOST + item.model_dump_json(exclude_defaults=True).encode()
        return ABSENT if item is None else PRESENT + inner.dump(item, sink)

    def load(data: bytes, store: ObjectStore) -> Any:
        return inner.load(data[1:], store) if data.startswith(PRESENT) else None

    return BytesWire(dump, load)


def missing(items: int) -> Tensor:
    """A tensor of items that are not there."""
    return Tensor.of_bytes([ABSENT] * items)


def lost(tensor: Tensor) -> Iterator[tuple[int, TaskFailure]]:
    """The items of an optional flow that were lost: their numbers, and how."""
    for place, item in enumerate(tensor.array.flat):
        if item[:1] == LOST:
            yield place, TaskFailure.model_validate_json(item[1:])


def keys(flow: Flow, tensor: Tensor) -> tuple[str, ...]:
    """The items of a flow that decides, as the keys that joins know: members of an Enum by their value, ``true``, ``false``."""
    items = (item[1:] if flow.optional else item for item in tensor.array.flat)
    return tuple(_key(item) for item in items)


def _key(item: bytes) -> str:
    value = json.loads(item)
    return value if isinstance(value, str) else json.dumps(value)
