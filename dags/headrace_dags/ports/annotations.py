"""What a port's annotation means: medium, layout, axis. Pure and without numpy; it teaches where an annotation means nothing."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from types import NoneType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from headrace_dags.graph import Port, PortType
from headrace_dags.layout import Axis, BatchAxis, Kind, Layout
from headrace_dags.media.handles import Blob
from headrace_dags.misfit import Misfit
from headrace_dags.ports.arrays import array_type, is_array
from headrace_dags.ports.jsontypes import json_type
from headrace_dags.ports.refusals import refuse
from headrace_dags.ports.spelling import UNIONS, written

__all__ = ("MISSING", "Misfit", "Parsed", "accepts", "fits", "parse")

MISSING: Any = inspect.Parameter.empty
"""What stands where a parameter or a return has no annotation."""

_KINDS: dict[str, Kind] = {"image": "image", "audio": "audio", "video": "video"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """An annotation that was understood.

    Attributes:
        type: what one item is.
        item: the annotation of one item, without Many, Batch, Iterator and ``| None``.
        many: whether it says ``Many[...]``.
        batch: whether it says ``Batch[...]``.
        stream: whether it says ``Iterator[...]``, as a yielding body must.
        optional: whether it says that one item may be ``None``.
    """

    type: PortType
    item: Any
    many: bool = False
    batch: bool = False
    stream: bool = False
    optional: bool = False

    def port(self, name: str) -> Port:
        """The port that bears this annotation."""
        return Port(name=name, type=self.type, many=self.many or self.stream, optional=self.optional)


def parse(annotation: Any) -> Parsed | Misfit:
    """Understand the annotation of a parameter, a return or a field.

    Args:
        annotation: the evaluated annotation, extras included; :data:`MISSING` where there is none.

    Returns:
        What it means, or what to write instead.
    """
    try:
        return _parse_once(annotation)
    except TypeError:  # an annotation that cannot be hashed, e.g. one that carries a list
        return _parse(annotation)


@lru_cache(maxsize=4096)
def _parse_once(annotation: Any) -> Parsed | Misfit:
    return _parse(annotation)


def _parse(annotation: Any) -> Parsed | Misfit:
    axis, whole = _axis(annotation)
    item, optional = _present(whole)
    inner, _ = _axis(item)
    if axis and inner:
        return _too_deep(axis, inner, item)
    if inner:
        return _always_there(inner, item)
    found = _item(item)
    if isinstance(found, Misfit):
        return found
    many, batch, stream = (axis == name for name in ("Many", "Batch", "Iterator"))
    return Parsed(found, item, many=many, batch=batch, stream=stream, optional=optional)


def _present(annotation: Any) -> tuple[Any, bool]:
    """An annotation without ``| None``, and whether it said that; ``None`` alone is left as it is."""
    kept = [arg for arg in get_args(annotation) if arg is not NoneType]
    if get_origin(annotation) not in UNIONS or len(kept) == len(get_args(annotation)) or not kept:
        return annotation, False
    return _unwrapped(Union[tuple(kept)]), True  # noqa: UP007  # of as many as there are


def _always_there(inner: str, item: Any) -> Misfit:
    name = inner if inner == "Iterator" else f"hr.{inner}"
    single = written(_axis(item)[1])
    write = f"Write {name}[{single} | None] where items may be missing, or give no items"
    return Misfit("port-union", "many values are always there", f"{name}[{single}] | None", write)


def _axis(annotation: Any) -> tuple[str, Any]:
    """The axis an annotation begins with, and the annotation of its items; no axis: the annotation itself."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = {type(mark) for mark in args[1:]}
        if items := get_args(args[0]):
            if Axis in marks:
                return "Many", items[0]
            if BatchAxis in marks:
                return "Batch", items[0]
    if origin in (Iterator, Generator) and args:
        return "Iterator", args[0]
    return "", _unwrapped(annotation)


def _unwrapped(annotation: Any) -> Any:
    """What a ``NewType`` or a ``type`` statement stands for."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _too_deep(axis: str, inner: str, item: Any) -> Misfit:
    outer, inside = (name if name == "Iterator" else f"hr.{name}" for name in (axis, inner))
    single = f"{outer}[{written(_axis(item)[1])}]"
    return Misfit("port-axes", "axes are one deep", f"{outer}[{inside}[...]]", f"Write {single} and flatten the items")


def _item(item: Any) -> PortType | Misfit:
    """The type of one item."""
    if refused := refuse(item):
        return refused
    if item is str:
        return PortType(kind="text")
    if isinstance(item, type) and issubclass(item, Blob):
        return PortType(kind=_kind(item.media_type), media=item.media_type)
    layout = _layout(item)
    if layout or is_array(item):
        return array_type(get_args(item)[0] if layout else item, layout)
    return json_type(item)


def _layout(item: Any) -> Layout | None:
    marks = get_args(item)[1:] if get_origin(item) is Annotated else ()
    return next((mark for mark in marks if isinstance(mark, Layout)), None)


def _kind(media: str) -> Kind:
    """The kind of an encoded medium."""
    if media == "application/pdf":
        return "document"
    return _KINDS.get(media.partition("/")[0], "file")


def accepts(expected: PortType, got: PortType) -> bool:
    """Whether a value of type ``got`` may be given where ``expected`` is declared.

    A pattern accepts what it matches, a free axis any size, ``tensor`` any array of its layout, ``float`` an ``int``, a
    union each of its members.
    """
    if expected.is_handle:
        return got.is_handle and fnmatchcase(got.media, expected.media)
    if expected.is_array:
        return got.is_array and _accepts_array(expected, got)
    if got.members:
        return all(accepts(expected, each) for each in got.members)
    if expected.members:
        return any(accepts(each, got) for each in expected.members)
    if expected.kind == "json" and expected.python == "float" and got.python == "int":
        return True
    return expected == got


def fits(expected: Port, got: Port) -> bool:
    """Whether one item of ``got`` may be given to ``expected``: its type fits, and it is there where it must be."""
    return accepts(expected.type, got.type) and (expected.optional or not got.optional)


def _accepts_array(expected: PortType, got: PortType) -> bool:
    return (
        expected.kind in (got.kind, "tensor")
        and expected.dtype == got.dtype
        and expected.rate in (0, got.rate)
        and len(expected.axes) == len(got.axes)
        and all(wanted in (axis, axis.partition("=")[0]) for wanted, axis in zip(expected.axes, got.axes, strict=True))
    )
