"""The wire of each value: how its items travel as a tensor. One property of a value, the same in the whole plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace_dags.graph import PortType
from headrace_dags.plan.model import Wire

DATATYPES: Mapping[str, str] = MappingProxyType(
    {
        "bool": "BOOL",
        "uint8": "UINT8",
        "uint16": "UINT16",
        "uint32": "UINT32",
        "uint64": "UINT64",
        "int8": "INT8",
        "int16": "INT16",
        "int32": "INT32",
        "int64": "INT64",
        "float16": "FP16",
        "float32": "FP32",
        "float64": "FP64",
    }
)
"""numpy's name of an element type -> the datatype that the Open Inference Protocol has for it."""

_PNG_CHANNELS = frozenset((-1, 1, 3, 4))


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a value goes through.

    Attributes:
        many: whether it carries many items.
        batched: whether a model that gives or takes it batches the requests of several runs.
        crosses: whether it crosses the log between segments, or carries many items into or out of the dag.
        optional: whether items may be missing.
        mixed: whether values of other sizes travel under the same name.
    """

    many: bool
    batched: bool
    crosses: bool
    optional: bool = False
    mixed: bool = False


def wire_of(item: PortType, traffic: Traffic) -> Wire:
    """The wire of a value whose items are ``item``."""
    if item.is_handle:
        return "handle"
    if item.is_array:
        return _array_wire(item, traffic)
    return "text" if item.kind == "text" else "json"


def _array_wire(item: PortType, traffic: Traffic) -> Wire:
    """Arrays travel as they are where all items of a tensor have one shape: by declaration, or because there is one item."""
    ragged = (-1 in item.sizes and (traffic.many or traffic.batched)) or traffic.mixed
    if not ragged and not traffic.optional and item.dtype in DATATYPES:
        return "tensor"
    return "png" if traffic.crosses and _is_picture(item) else "npy"


def _is_picture(item: PortType) -> bool:
    names = tuple(axis.partition("=")[0] for axis in item.axes)
    is_image = item.kind == "image" and item.dtype == "uint8" and names == ("h", "w", "c")
    return is_image and item.sizes[2] in _PNG_CHANNELS
