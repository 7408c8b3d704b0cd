"""Values of ports as tensors of an endpoint, and its tensors as values. Text, JSON and media are elements of ``BYTES``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headrace_dags.media.handles import Blob
from headrace_dags.ports.values import ValueMisfit, from_json_bytes, to_json_bytes
from headrace_dags.remote.contents import Array, of_items
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.remote.slots import Slot


def packed(slot: Slot, annotation: Any, value: Any, items: int = 1) -> Array:
    """One value, which in a batch of ``items`` stands for all of them."""
    if not slot.port.type.is_array:
        return of_items([_encoded(slot, annotation, value)], slot.shape(1))
    array = np.asarray(value)
    return np.repeat(array[np.newaxis], items, axis=0) if slot.leads else array


def stacked(slot: Slot, annotation: Any, values: Sequence[Any]) -> Array:
    """The items of a batch, along a new first axis."""
    if slot.port.type.is_array:
        return np.stack([np.asarray(value) for value in values])
    return of_items([_encoded(slot, annotation, value) for value in values], slot.shape(len(values)))


def unpacked(slot: Slot, annotation: Any, tensor: Array) -> Any:
    """The one item that a tensor holds. Whether an array fits its port is seen by whoever checks outputs.

    Raises:
        EndpointFailed: it holds no such item (``output``).
    """
    if slot.leads:
        return unstacked(slot, annotation, tensor, 1)[0]
    return _item(slot, annotation, tensor)


def unstacked(slot: Slot, annotation: Any, tensor: Array, count: int) -> list[Any]:
    """The items along the first axis.

    Raises:
        EndpointFailed: there are not ``count`` of them, or one is none (``output``).
    """
    if tensor.shape[:1] != (count,):
        text = f"{slot.port.name}: expects {count} items on the first axis, got {list(tensor.shape)}"
        raise EndpointFailed("output", text)
    return [_item(slot, annotation, np.asarray(item, dtype=tensor.dtype)) for item in tensor]


def _item(slot: Slot, annotation: Any, tensor: Array) -> Any:
    if slot.port.type.is_array:
        return tensor
    if tensor.dtype.kind != "O" or tensor.size != 1:
        got = f"{tensor.dtype.name if tensor.dtype.kind != 'O' else 'BYTES'} {list(tensor.shape)}"
        raise EndpointFailed("output", f"{slot.port.name}: expects {slot.port.type} as one element of BYTES, got {got}")
    return _decoded(slot, annotation, bytes(tensor.reshape(-1)[0]))


def _encoded(slot: Slot, annotation: Any, value: Any) -> bytes:
    if slot.port.type.is_handle:
        return bytes(value.read())
    return str(value).encode() if slot.port.type.kind == "text" else to_json_bytes(annotation, value)


def _decoded(slot: Slot, annotation: Any, data: bytes) -> Any:
    try:
        if slot.port.type.is_handle:
            kind: type[Blob] = annotation
            return kind(data)
        return data.decode() if slot.port.type.kind == "text" else from_json_bytes(annotation, data)
    except (ValueError, ValueMisfit) as error:
        raise EndpointFailed("output", f"{slot.port.name}: {error}") from None
