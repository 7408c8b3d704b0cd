"""Why the digest of a segment is another one: the parts that ``plan.digests`` makes it of, compared one by one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from headrace_dags.diff.changes import Said, changes, said
from headrace_dags.diff.difference import Change, Kind
from headrace_dags.graph import Node
from headrace_dags.plan.digests import model_files_of, modules_of
from headrace_dags.plan.model import Plan, Reason, Segment

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "step.config.": "configuration",
        "step.batching.": "batching",
        "step.batch_ports": "batching",
        "step.resources.": "resources",
        "step.": "step",
        "inputs.": "wiring",
        "": "wiring",
    }
)
"""Kinds of a node's attributes, by how their paths begin; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Side:
    """A segment in its plan."""

    plan: Plan
    segment: Segment

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its nodes, in order."""
        return tuple(self.plan.graph.by_name[name] for name in self.segment.nodes)


def causes(old: Side, new: Side) -> tuple[Change, ...]:
    """Why ``new`` has another digest than ``old``, of which it came.

    What mostly follows from something else, as a segment's memory from that of its nodes, is told where nothing else is.
    """
    found = [*_code(old, new), *_nodes(old, new), *_shape(old, new)]
    found = found or list(changes("wiring", _rest(old), _rest(new)))
    unknown = Change(kind="unrecorded", what="digest", old=old.segment.digest, new=new.segment.digest)
    return tuple(found) or (unknown,)


def joined(old: Plan, new: Plan, names: Iterable[str]) -> Iterator[Change]:
    """Nodes of a segment of ``new`` that were not in the one it came of."""
    for name in names:
        if name in old.graph.by_name:
            yield _cut(name, "added", gone=_parted(old, new, name), made=_parted(new, old, name))
        else:
            yield Change(kind="step", what=name, change="added", new=new.graph.by_name[name].step.target)


def left(old: Plan, new: Plan, names: Iterable[str]) -> Iterator[Change]:
    """Nodes of a segment of ``old`` that are not in the one that came of it."""
    for name in names:
        if name in new.graph.by_name:
            yield _cut(name, "removed", gone=_parted(old, new, name), made=_parted(new, old, name))
        else:
            yield Change(kind="step", what=name, change="removed", old=old.graph.by_name[name].step.target)


def _code(old: Side, new: Side) -> Iterator[Change]:
    parts: dict[Kind, Callable[[Side], dict[str, str]]] = {
        "file": lambda side: side.plan.ingredients.files_of(modules_of(side.nodes)),
        "distribution": lambda side: side.plan.ingredients.distributions_of(modules_of(side.nodes)),
        "model": lambda side: {each: side.plan.ingredients.models.get(each, "") for each in model_files_of(side.nodes)},
        "version": lambda side: side.plan.ingredients.versions,
    }
    if old.plan.ingredients.versions and new.plan.ingredients.versions:
        for kind, part in parts.items():
            yield from changes(kind, part(old), part(new))


def _nodes(old: Side, new: Side) -> Iterator[Change]:
    before, after = ({node.name: node for node in side.nodes} for side in (old, new))
    yield from joined(old.plan, new.plan, (name for name in after if name not in before))
    yield from left(old.plan, new.plan, (name for name in before if name not in after))
    for name in (each for each in before if each in after):
        for change in changes("wiring", *(said(side[name]) for side in (before, after))):
            if not change.what.startswith("options."):
                yield _named(name, change)


def _named(node: str, change: Change) -> Change:
    """A change of a node's attribute under the node's name, with its kind."""
    start = next(start for start in _KINDS if change.what.startswith(start))
    what = change.what.removeprefix(start if start.endswith(".") else "step.")
    constant = start == "inputs." and "." not in what
    return change.model_copy(
        update={"kind": "configuration" if constant else _KINDS[start], "what": f"{node}.{what}"},
    )


def _shape(old: Side, new: Side) -> Iterator[Change]:
    """How the same nodes are put together: their slice, which are models of their own, and what crosses the border."""
    if set(old.segment.nodes) != set(new.segment.nodes):
        return
    yield from changes("resources", {"slice": old.segment.slice}, {"slice": new.segment.slice})
    yield from changes("cut", *({"models": [[*each.nodes] for each in side.segment.members]} for side in (old, new)))
    yield from changes("wiring", *({"gives": [str(each.use) for each in side.segment.outputs]} for side in (old, new)))
    before, after = (_wires(side.segment) for side in (old, new))
    yield from changes("wiring", *({use: ends[use] for use in before if use in after} for ends in (before, after)))


def _wires(segment: Segment) -> dict[str, Any]:
    return {f"{flow.use}.wire": flow.wire for flow in (*segment.inputs, *segment.outputs)}


def _rest(side: Side) -> Said:
    return {"name": side.segment.name} | said(side.segment.model_copy(update={"digest": ""}))


def _cut(name: str, change: Literal["added", "removed"], gone: Reason | None, made: Reason | None) -> Change:
    """Why a node joined or left: what kept it away is gone, or it is cut from where it was; else the other of the two."""
    first, second = (gone, made) if change == "added" else (made, gone)
    reason = first or second
    return Change(
        kind="cut",
        what=name,
        change=change,
        old=reason.code if reason and reason is gone else None,
        new=reason.code if reason and reason is made else None,
        why=reason.text if reason else "",
    )


def _parted(plan: Plan, other: Plan, name: str) -> Reason | None:
    """Why ``plan`` keeps a node apart from one that it is together with in ``other``."""
    here, there = ({*_segment(each, name).nodes} for each in (plan, other))
    ends = ((each, {each.producer, each.consumer}) for each in plan.reasons if each.hop)
    return next((each for each, both in ends if name in both and both & (there - here)), None)


def _segment(plan: Plan, node: str) -> Segment:
    return next(each for each in plan.segments if node in each.nodes)
