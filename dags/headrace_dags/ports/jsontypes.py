"""Annotations of JSON values: how they are spelled in the graph, their schema's digest, and why a type has no JSON form."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError

from headrace_dags.graph import PortType
from headrace_dags.layout import Axis, BatchAxis, Layout
from headrace_dags.media.handles import Blob
from headrace_dags.misfit import Misfit
from headrace_dags.ports.arrays import is_array
from headrace_dags.ports.spelling import UNIONS, spelled, written
from headrace_dags.record import canonical, digest

_PLAIN = (int, float, bool, str, type(None), Any)
_CONTAINERS = (list, dict, tuple, set, frozenset)


def json_type(annotation: Any) -> PortType | Misfit:
    """The type of a JSON value: what pydantic can validate and describe."""
    if get_origin(annotation) in UNIONS:
        return _union_type(annotation)
    if medium := next(_media(annotation, set()), None):
        return _media_misfit(annotation, medium)
    try:
        schema = {} if _is_plain(annotation) else TypeAdapter(annotation).json_schema()
    except (PydanticUserError, NameError, TypeError) as error:
        return Misfit(
            "port-json",
            "expects a type with a JSON form",
            f"{spelled(annotation)} ({_first_sentence(error)})",
            "Write a pydantic model, dataclass, TypedDict, or list or dict of those; what cannot travel is made in the body",
        )
    return PortType(kind="json", python=spelled(annotation), schema_digest=digest(_steady(schema)) if schema else "")


def _union_type(annotation: Any) -> PortType | Misfit:
    """A union by its members, so that each of them may be given where it is expected."""
    members: list[PortType] = []
    for arg in get_args(annotation):
        found = json_type(arg)
        if isinstance(found, Misfit):
            return found
        members.append(found)
    return union_of(members)


def union_of(members: Iterable[PortType]) -> PortType:
    """The type that is any of ``members``, in an order of its own: Python holds unions of another order for the same."""
    found = sorted(dict.fromkeys(members), key=str)
    return PortType(kind="json", python=" | ".join(map(str, found)), members=tuple(found))


def _steady(schema: Any, *, in_default: bool = False) -> Any:
    """A schema whose defaults are sorted: a default that is a set is written in an order that changes with the process."""
    if isinstance(schema, dict):
        return {name: _steady(each, in_default=in_default or name == "default") for name, each in schema.items()}
    if isinstance(schema, list):
        items = [_steady(each, in_default=in_default) for each in schema]
        return sorted(items, key=canonical) if in_default else items
    return schema


def _is_plain(annotation: Any) -> bool:
    """Whether the spelling says it all, so that no schema is needed."""
    if any(annotation is plain for plain in _PLAIN) or annotation in _CONTAINERS:
        return True
    origin = get_origin(annotation)
    return (origin in _CONTAINERS or origin in UNIONS) and all(
        arg is Ellipsis or _is_plain(arg) for arg in get_args(annotation)
    )


def _media(annotation: Any, seen: set[int]) -> Iterator[Any]:
    """The media and axes that lie somewhere inside a JSON type, where they have no form."""
    if id(annotation) in seen:
        return
    seen.add(id(annotation))
    if _is_medium(annotation):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for inner in (*get_args(annotation), *_fields(annotation)):
            yield from _media(inner, seen)


def _is_medium(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Blob):
        return True
    marks = getattr(annotation, "__metadata__", ())
    return is_array(annotation) or any(isinstance(mark, Layout | Axis | BatchAxis) for mark in marks)


def _fields(annotation: Any) -> tuple[Any, ...]:
    """The annotations of the fields of a model, dataclass, TypedDict or NamedTuple."""
    if not isinstance(annotation, type):
        return ()
    is_tuple = issubclass(annotation, tuple) and hasattr(annotation, "_fields")
    if not (
        issubclass(annotation, BaseModel)
        or dataclasses.is_dataclass(annotation)
        or is_typeddict(annotation)
        or is_tuple
    ):
        return ()
    try:
        return tuple(get_type_hints(annotation, include_extras=True).values())
    except (NameError, TypeError):
        return ()  # pydantic says better what cannot be resolved


def _media_misfit(annotation: Any, medium: Any) -> Misfit:
    if get_origin(annotation) is list and get_args(annotation)[0] is medium:
        item = written(medium)
        return Misfit("port-list", "many media are hr.Many", f"list[{item}]", f"Write hr.Many[{item}]")
    return Misfit(
        "port-json",
        "media and axes do not lie inside JSON",
        f"{written(medium)} inside {written(annotation)}",
        "Give the medium a parameter of its own, or return a NamedTuple with a field for each",
    )


def _first_sentence(error: Exception) -> str:
    return re.split(r"\n|\. ", str(error).strip())[0].rstrip(".")[:200]
