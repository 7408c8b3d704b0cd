"""What a wire does: items of one value to a tensor and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from headrace_dags.ports.values import ValueMisfit
from headrace_serving.objects.contract import ObjectStore, Reference
from headrace_serving.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Sink:
    """Where an encoder puts what is too large for a tensor.

    Attributes:
        store: the object store.
        prefix: ``<tenant>/<run>``.
    """

    store: ObjectStore
    prefix: str

    def put(self, data: BinaryIO, media_type: str) -> Reference:
        """Store a stream.

        Raises:
            EnvironmentLack: the store is full or cannot be written.
        """
        return self.store.put(self.prefix, data, media_type)


class ItemWire(Protocol):
    """Packs items into a tensor whose first axis is the items, and unpacks them."""

    def pack(self, items: Sequence[Any], sink: Sink) -> Tensor:
        """The items as a tensor.

        Raises:
            ValueMisfit: an item is not what the wire carries.
            EnvironmentLack: an object had to be stored and could not be.
        """
        ...

    def unpack(self, tensor: Tensor, store: ObjectStore) -> list[Any]:
        """The items of a tensor; objects are referred to in ``store`` and not read before somebody asks.

        Raises:
            ValueMisfit: the tensor does not hold what this wire carries.
            FileNotFoundError: an object that is needed at once is gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class BytesWire:
    """A wire of ``BYTES``: each item by itself.

    Attributes:
        dump: one item to its bytes.
        load: bytes to one item.
    """

    dump: Callable[[Any, Sink], bytes]
    load: Callable[[bytes, ObjectStore], Any]

    def pack(self, items: Sequence[Any], sink: Sink) -> Tensor:
        """The items as a tensor of shape [items, 1]."""
        return Tensor.of_bytes([self.dump(item, sink) for item in items])

    def unpack(self, tensor: Tensor, store: ObjectStore) -> list[Any]:
        """The items of a tensor of any shape, in order."""
        if tensor.datatype != "BYTES":
            raise ValueMisfit("a tensor of BYTES", tensor.datatype)
        return [self.load(item, store) for item in tensor.array.flat]
