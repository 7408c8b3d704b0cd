"""Why the digest of a segment is another one: the parts that ``plan.digests`` makes it of, compared one by one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from headrace_dags.diff.changes import changes, said
from headrace_dags.diff.difference import Change, Kind
from headrace_dags.diff.moves import joined, left
from headrace_dags.graph import Node
from headrace_dags.plan.digests import UNDIGESTED, model_files_of, modules_of
from headrace_dags.plan.ingredients import Ingredients
from headrace_dags.plan.model import Plan, Segment

_CODE: Mapping[Kind, Callable[[Ingredients, Iterable[Node]], dict[str, str]]] = MappingProxyType(
    {
        "file": lambda made_of, nodes: made_of.files_of(modules_of(nodes)),
        "distribution": lambda made_of, nodes: made_of.distributions_of(modules_of(nodes)),
        "model": lambda made_of, nodes: {each: made_of.models.get(each, "") for each in model_files_of(nodes)},
    }
)
"""What nodes run, by kind."""
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
class Pair:
    """A segment and the one that it came of, if it came of one, each in its plan."""

    old: Plan
    new: Plan
    before: Segment | None
    after: Segment

    @property
    def plans(self) -> tuple[Plan, Plan]:
        """The old plan and the new one."""
        return (self.old, self.new)

    @property
    def nodes_before(self) -> tuple[str, ...]:
        """Names of the nodes that it came with."""
        return self.before.nodes if self.before else ()

    @property
    def known(self) -> tuple[str, ...]:
        """Names of its nodes that the old plan has too, wherever: what a new node runs is no cause beside the node."""
        return tuple(name for name in self.after.nodes if name in self.old.graph.by_name)


def causes(pair: Pair) -> tuple[Change, ...]:
    """Why a segment has another digest than the one that it came of, or why there is one.

    What mostly follows from something else, as a segment's memory from that of its nodes, is told where nothing else is.
    """
    came = [name for name in pair.after.nodes if name not in pair.nodes_before]
    gone = [name for name in pair.nodes_before if name not in pair.after.nodes]
    found = [*_code(pair), *joined(pair.old, pair.new, came), *left(pair.old, pair.new, gone), *_nodes(pair)]
    if pair.before:
        found += _versions(pair)
        found += () if came or gone else _shape(pair.before, pair.after)
        found = found or list(_rest(pair.before, pair.after))
    return tuple(found)


def _code(pair: Pair) -> Iterator[Change]:
    if all(plan.ingredients.versions for plan in pair.plans):
        nodes = [[plan.graph.by_name[name] for name in pair.known] for plan in pair.plans]
        for kind, part in _CODE.items():
            old, new = (part(plan.ingredients, each) for plan, each in zip(pair.plans, nodes, strict=True))
            yield from changes(kind, old, new)


def _versions(pair: Pair) -> Iterator[Change]:
    old, new = (plan.ingredients.versions for plan in pair.plans)
    if old and new:
        yield from changes("version", old, new)


def _nodes(pair: Pair) -> Iterator[Change]:
    for name in pair.known:
        old, new = (said(plan.graph.by_name[name]) for plan in pair.plans)
        for change in changes("wiring", old, new):
            if not change.what.startswith("options."):
                yield _named(name, change)


def _named(node: str, change: Change) -> Change:
    """A change of a node's attribute under the node's name, with its kind."""
    start = next(start for start in _KINDS if change.what.startswith(start))
    what = change.what.removeprefix(start if start.endswith(".") else "step.")
    constant = start == "inputs." and "." not in what
    return change.model_copy(update={"kind": "configuration" if constant else _KINDS[start], "what": f"{node}.{what}"})


def _shape(old: Segment, new: Segment) -> Iterator[Change]:
    """How the same nodes are put together: their slice, which are models of their own, and what crosses the border."""
    yield from changes("resources", {"slice": old.slice}, {"slice": new.slice})
    yield from changes("cut", *({"models": [[*each.nodes] for each in segment.members]} for segment in (old, new)))
    yield from changes("wiring", *({"gives": [str(each.use) for each in segment.outputs]} for segment in (old, new)))
    before, after = _wires(old), _wires(new)
    yield from changes("wiring", *({use: wires[use] for use in before if use in after} for wires in (before, after)))


def _wires(segment: Segment) -> dict[str, Any]:
    return {f"{flow.use}.wire": flow.wire for flow in (*segment.inputs, *segment.outputs)}


def _rest(old: Segment, new: Segment) -> Iterator[Change]:
    """All else that a plan says of a segment; where that is the same too, plans do not tell why the digest is not."""
    before, after = ({"name": each.name, **said(each)} for each in (old, new))
    found = [change for change in changes("wiring", before, after) if change.what.partition(".")[0] not in UNDIGESTED]
    yield from found or (Change(kind="unrecorded", what="digest", old=old.digest, new=new.digest),)
