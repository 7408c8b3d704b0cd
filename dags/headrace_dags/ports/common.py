"""What several values have in common that one port may give in turn: one type, a union of JSON values, a family of media. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

from headrace_dags.graph import PortType
from headrace_dags.media.handles import Blob
from headrace_dags.misfit import Misfit
from headrace_dags.ports.jsontypes import union_of


@dataclass(frozen=True, slots=True)
class Common:
    """What all have in common: the type, and the Python annotation of one item."""

    type: PortType
    annotation: Any


def common(values: Sequence[tuple[PortType, Any, str]]) -> Common | Misfit:
    """The type that holds each of ``values``, given as types with their annotations and what messages call them.

    Values of one join travel in the same way, so text and JSON, or an array and an encoded medium, have nothing in common.
    """
    types = list(dict.fromkeys(kind for kind, _, _ in values))
    if len(types) == 1:
        return Common(types[0], values[0][1])
    if all(kind.kind == "json" for kind in types):
        return _union(types, [annotation for _, annotation, _ in values])
    if all(kind.is_handle for kind in types):
        return _family(types, [annotation for _, annotation, _ in values])
    if len({(kind.kind, kind.dtype, kind.rate, _names(kind)) for kind in types}) == 1 and types[0].is_array:
        return Common(_free(types), values[0][1])
    told = {kind: shown for kind, _, shown in reversed(values)}
    return Misfit(
        "join-type",
        "a join gives values of one type, all of them JSON, or all encoded media",
        " and ".join(told[kind] for kind in types),
        f"Let both return {types[0]}, or put a step behind one of them that makes {types[0]} of it",
    )


def _union(types: Sequence[PortType], annotations: Sequence[Any]) -> Common:
    members = [each for kind in types for each in (kind.members or (kind,))]
    joined: Any = Union[tuple(annotations)]  # noqa: UP007  # of as many as there are
    return Common(union_of(members), joined)


def _family(types: Sequence[PortType], annotations: Sequence[type[Blob]]) -> Common:
    """The nearest class that all handles derive from."""
    bases: list[type[Blob]] = [each for each in annotations[0].__mro__ if issubclass(each, Blob)]
    base = next(each for each in bases if all(issubclass(other, each) for other in annotations))
    kinds = {kind.kind for kind in types}
    kind = types[0].kind if len(kinds) == 1 else "file"
    return Common(PortType(kind=kind, media=base.media_type), base)


def _names(kind: PortType) -> tuple[str, ...]:
    return tuple(axis.partition("=")[0] for axis in kind.axes)


def _free(types: Sequence[PortType]) -> PortType:
    """The layout of which each size is free that is not the same in all."""
    axes = tuple(
        both[0] if len(set(both)) == 1 else both[0].partition("=")[0]
        for both in zip(*(kind.axes for kind in types), strict=True)
    )
    return types[0].model_copy(update={"axes": axes})
