"""Values as tensors and back, as the wire of their flow says. A codec is made once for a flow and used for every request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace_dags.plan.model import Flow
from headrace_dags.ports.values import ValueMisfit
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.array import StackWire, blank_stack, npy_wire
from headrace_serving.wire.contract import BytesWire, ItemWire, Sink
from headrace_serving.wire.handle import handle_wire
from headrace_serving.wire.optional import optional_wire
from headrace_serving.wire.png import png_wire
from headrace_serving.wire.text import json_wire, text_wire

__all__ = ("Codec", "Sink", "blank", "codec", "decode", "encode")


@dataclass(frozen=True, slots=True)
class Codec:
    """Encodes and decodes the values of one flow.

    Attributes:
        flow: whose values.
        wire: how its items travel.
    """

    flow: Flow
    wire: ItemWire

    def encode(self, value: Any, sink: Sink) -> Tensor:
        """The value as a tensor, its items on the first axis.

        Args:
            value: one item, or a list of items where the flow carries many.
            sink: where handles and large images are put.

        Raises:
            ValueMisfit: the value is not what the flow carries.
            EnvironmentLack: an object could not be stored.
        """
        items: Sequence[Any] = value if self.flow.many else (value,)
        return self.wire.pack(items, sink)

    def decode(self, tensor: Tensor, store: ObjectStore) -> Any:
        """The value of a tensor: one item, or a list of items where the flow carries many.

        Raises:
            ValueMisfit: the tensor does not hold what the flow carries.
            FileNotFoundError: an object it refers to is gone.
        """
        items = self.wire.unpack(tensor, store)
        if self.flow.many:
            return items
        if len(items) != 1:
            raise ValueMisfit("one item", f"{len(items)}")
        return items[0]


def codec(flow: Flow, annotation: Any) -> Codec:
    """The codec of a flow.

    Args:
        flow: which value, and how its items travel.
        annotation: the Python annotation of ONE item, as its producer or consumer declares it.
    """
    if flow.wire == "tensor":
        return Codec(flow, StackWire(flow.type))
    wire = _bytes_wire(flow, annotation)
    return Codec(flow, optional_wire(wire) if flow.optional else wire)


def _bytes_wire(flow: Flow, annotation: Any) -> BytesWire:
    match flow.wire:
        case "text":
            return text_wire()
        case "handle":
            return handle_wire(annotation)
        case "npy":
            return npy_wire(flow.type)
        case "png":
            return png_wire(flow.type)
        case _:
            return json_wire(annotation)


def encode(flow: Flow, annotation: Any, value: Any, sink: Sink) -> Tensor:
    """Encode one value; see :meth:`Codec.encode`."""
    return codec(flow, annotation).encode(value, sink)


def decode(flow: Flow, annotation: Any, tensor: Tensor, store: ObjectStore) -> Any:
    """Decode one value; see :meth:`Codec.decode`."""
    return codec(flow, annotation).decode(tensor, store)


def blank(flow: Flow, items: int) -> Tensor:
    """A tensor of the flow's datatype and shape that says nothing: empty bytes, or zeros."""
    return blank_stack(flow.type, items) if flow.wire == "tensor" else Tensor.of_bytes([b""] * items)
