"""Annotations of decoded arrays: element type, rank and layout. Reads numpy's types by name; numpy is not imported here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args, get_origin

from headrace_dags.graph import PortType
from headrace_dags.layout import Layout
from headrace_dags.misfit import Misfit

DTYPES = (
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
)  # fmt: skip
"""The element types that travel between steps."""

_ALIASES = {"bool_": "bool", "longlong": "int64", "ulonglong": "uint64"}
_KINDS = ("image", "audio", "video", "embedding", "tensor")
_AXIS = re.compile(r"[A-Za-z_]\w*(=[1-9]\d*)?")
_EXAMPLE = 'Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=384")]'


def is_array(annotation: Any) -> bool:
    """Whether an annotation is numpy's array class, bare or with arguments."""
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and origin.__module__ == "numpy" and origin.__name__ == "ndarray"


def array_type(annotation: Any, layout: Layout | None) -> PortType | Misfit:
    """The type of an array.

    Args:
        annotation: numpy's array class with or without arguments, or ``Any`` where the layout names the element type.
        layout: how the array lies; ``None`` for a bare array, which is a misfit.
    """
    if layout is None:
        return Misfit(
            "port-array",
            "expects an array whose layout is known",
            "a bare np.ndarray",
            f"Write hr.Image, hr.Audio, hr.Embedding or {_EXAMPLE}",
        )
    if not is_array(annotation) and annotation is not Any:
        name = getattr(annotation, "__name__", str(annotation))
        return Misfit("port-layout", "hr.Layout describes an array", f"one on {name}", f"Write {_EXAMPLE}")
    rank, dtype = _arguments(annotation)
    if dtype and layout.dtype and dtype != layout.dtype:
        return _wrong(
            "one element type", f"{dtype} in the array and {layout.dtype} in the layout", "Leave out the layout's dtype"
        )
    return _checked(replace(layout, dtype=layout.dtype or dtype), rank)


def _arguments(annotation: Any) -> tuple[int, str]:
    """Rank and element type that numpy's own annotation names; -1 and empty where it does not."""
    args = get_args(annotation)
    if len(args) != 2:
        return -1, ""
    shape, scalar = get_args(args[0]), get_args(args[1])
    dtype = getattr(scalar[0], "__name__", "") if scalar else ""
    return (-1 if not shape or Ellipsis in shape else len(shape)), _ALIASES.get(dtype, dtype)


def _checked(layout: Layout, rank: int) -> PortType | Misfit:
    axes = tuple(layout.axes.split())
    names = [axis.partition("=")[0] for axis in axes]
    if layout.kind not in _KINDS:
        return _wrong(f"one of the kinds {', '.join(_KINDS)}", f"{layout.kind!r}", f"Write {_EXAMPLE}")
    if layout.dtype not in DTYPES:
        got = layout.dtype or "no element type"
        return _wrong(f"one of the element types {', '.join(DTYPES)}", got, f"Write {_EXAMPLE}")
    if not axes or len(set(names)) < len(names) or not all(map(_AXIS.fullmatch, axes)):
        return _wrong("different names of axes such as 'h w c' or 'd=384'", f"{layout.axes!r}", f"Write {_EXAMPLE}")
    if rank not in (-1, len(axes)):
        return _wrong(
            f"a name for each of the array's {rank} axes", f"{layout.axes!r}", "Make the tuple and the layout agree"
        )
    if layout.rate < 0 or (layout.rate and layout.kind != "audio"):
        return _wrong("a rate above 0, for audio only", f"rate={layout.rate}", "Leave out the rate")
    return PortType(kind=layout.kind, dtype=layout.dtype, axes=axes, rate=layout.rate)


def _wrong(rule: str, got: str, write: str) -> Misfit:
    return Misfit("port-layout", f"hr.Layout expects {rule}", got, write)
