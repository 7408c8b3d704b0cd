"""How types are written: in the graph, and in messages to a person. Pure text; no judgement."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from headrace_dags.graph import Port, PortType
from headrace_dags.layout import Axis, BatchAxis, Layout
from headrace_dags.media.handles import Blob
from headrace_dags.ports.arrays import is_array

UNIONS = (Union, types.UnionType)
_DECODED = {"image": "hr.Image", "audio": "hr.Audio", "embedding": "hr.Embedding"}
_AXES = {Axis: "hr.Many", BatchAxis: "hr.Batch"}


def spelled(annotation: Any) -> str:
    """How a type is written in the graph: ``int``, ``list[str]``, ``shop.models:Invoice``."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return spelled(args[0])
    if origin in UNIONS:
        return " | ".join(map(spelled, args))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if args:
        return f"{spelled(origin)}[{', '.join(map(spelled, args))}]"
    return _name(annotation)


def _name(annotation: Any) -> str:
    if annotation in (None, types.NoneType):
        return "None"
    if annotation is Ellipsis:
        return "..."
    if not isinstance(annotation, type):
        return str(annotation).removeprefix("typing.")
    if annotation.__module__ in ("builtins", "typing", "collections.abc"):
        return annotation.__name__
    return f"{annotation.__module__}:{annotation.__qualname__}"


def written(annotation: Any) -> str:
    """How a person writes a type: ``hr.Image``, ``list[hr.Image]``; classes without their module."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _written_marked(args)
    if isinstance(annotation, type) and issubclass(annotation, Blob):
        return f"hr.{annotation.__name__}"
    if is_array(annotation):
        return "np.ndarray"
    if isinstance(origin, type) and args and origin not in UNIONS:
        return f"{origin.__name__}[{', '.join(map(written, args))}]"
    return spelled(annotation).rpartition(":")[2]


def annotated(port: Port) -> str:
    """How the annotation of a port is written: ``hr.Image``, ``hr.Many[hr.Jpeg | None]``, ``Invoice``."""
    item = f"{_annotated(port.type)} | None" if port.optional else _annotated(port.type)
    return f"hr.Many[{item}]" if port.many else item


def _annotated(kind: PortType) -> str:
    if kind.is_handle:
        return next((f"hr.{each.__name__}" for each in _handles(Blob) if each.media_type == kind.media), "hr.Blob")
    if kind.is_array:
        return _DECODED.get(kind.kind, "an array with hr.Layout")
    return "hr.Text" if kind.kind == "text" else re.sub(r"[\w.]+:", "", kind.python)


def _handles(base: type[Blob]) -> Iterator[type[Blob]]:
    """A class of handles and those below it."""
    yield base
    for each in base.__subclasses__():
        yield from _handles(each)


def _written_marked(args: tuple[Any, ...]) -> str:
    """An ``Annotated`` by its mark."""
    for mark in args[1:]:
        if isinstance(mark, Layout):
            return _DECODED.get(mark.kind, "Annotated[np.ndarray, hr.Layout(...)]")
        if type(mark) in _AXES:
            return f"{_AXES[type(mark)]}[{', '.join(map(written, get_args(args[0])))}]"
    return written(args[0])
