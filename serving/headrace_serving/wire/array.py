"""Arrays: stacked into one tensor where all items have one shape, in numpy's own format where they are ragged."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace_dags.graph import PortType
from headrace_dags.ports.values import ValueMisfit
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.contract import BytesWire, Sink

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class StackWire:
    """The arrays themselves, along a new first axis.

    Attributes:
        type: dtype and sizes of one item.
    """

    type: PortType

    def pack(self, items: Sequence[Any], sink: Sink) -> Tensor:  # noqa: ARG002  # arrays need no store
        """The items as a tensor of shape [items, sizes].

        Raises:
            ValueMisfit: an item has another dtype, or the items differ in shape.
        """
        if not items:
            return blank_stack(self.type, 0)
        arrays = [_array(item, self.type) for item in items]
        if len(arrays) == 1:
            return Tensor(np.ascontiguousarray(arrays[0][np.newaxis]))
        odd = next((index for index, array in enumerate(arrays) if array.shape != arrays[0].shape), 0)
        if odd:
            raise ValueMisfit(
                f"items of one shape, like the first: {arrays[0].shape}", f"{arrays[odd].shape}", item=odd
            )
        return Tensor(np.stack(arrays))

    def unpack(self, tensor: Tensor, store: ObjectStore) -> list[Any]:  # noqa: ARG002  # arrays need no store
        """The items, as views of the tensor."""
        if tensor.array.dtype.name != self.type.dtype:
            raise ValueMisfit(f"a tensor of {self.type.dtype}", tensor.array.dtype.name)
        return list(tensor.array)


def blank_stack(kind: PortType, items: int) -> Tensor:
    """Zeros for ``items`` items; a free size is 1, of no items 0."""
    free = 1 if items else 0
    return Tensor(np.zeros((items, *(free if size < 0 else size for size in kind.sizes)), dtype=kind.dtype))


def npy_wire(kind: PortType) -> BytesWire:
    """Arrays in numpy's npy format, each with its own shape."""

    def dump(item: Any, _sink: Sink) -> bytes:
        return dump_npy(_array(item, kind))

    def load(data: bytes, _store: ObjectStore) -> Array:
        return load_npy(data)

    return BytesWire(dump, load)


def dump_npy(array: Array) -> bytes:
    """An array in the npy format."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def load_npy(data: bytes) -> Array:
    """An array from the npy format; never unpickles."""
    array: Array = np.load(io.BytesIO(data), allow_pickle=False)
    return array


def _array(item: Any, kind: PortType) -> Array:
    """The item as an array in the machine's byte order."""
    array = np.asarray(item)
    if array.dtype.name != kind.dtype:
        raise ValueMisfit(f"an array of {kind.dtype}", array.dtype.name)
    return array.astype(kind.dtype, copy=False)
