"""What changes for the engine alone, for which no server changes: limits and retries, joins between segments, gates. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from headrace_dags.diff.changes import changes, said
from headrace_dags.diff.difference import Change
from headrace_dags.graph import Graph
from headrace_dags.plan.model import Choice, Plan, PlannedJoin, Segment


def engine(old: Plan, new: Plan) -> tuple[Change, ...]:
    """What the engine will do otherwise."""
    gates = ({each.name: _gate(each) for each in plan.segments if each.gate} for plan in (old, new))
    joins = ({each.name: _join(each) for each in plan.joins} for plan in (old, new))
    return (*_options(old.graph, new.graph), *changes("join", *joins), *changes("gate", *gates))


def _options(old: Graph, new: Graph) -> Iterator[Change]:
    """Limits and retries: of the dag, and of the nodes that both have."""
    yield from changes("option", {"deadline_s": old.deadline_s}, {"deadline_s": new.deadline_s})
    for name in (each for each in old.by_name if each in new.by_name):
        before, after = (said(graph.by_name[name].options) for graph in (old, new))
        yield from changes("option", before, after, prefix=f"{name}.")


def _join(join: PlannedJoin) -> str:
    """``switch by kind.result: invoice letter.result, otherwise other.result``."""
    by = f" by {join.on}{', item by item' if join.per_item else ''}" if join.on else ""
    need = f" {join.need} of" if join.need else ""
    within = f" within {join.within_s:g} s" if join.within_s is not None else ""
    return f"{join.kind}{by}:{need} {', '.join(_choice(each, join) for each in join.choices)}{within}"


def _choice(choice: Choice, join: PlannedJoin) -> str:
    key = f"{'otherwise' if choice.key is None else choice.key} " if join.on else ""
    return f"{key}{choice.use}"


def _gate(segment: Segment) -> str:
    """``where kind is invoice and size is large, or kind is letter``."""
    terms = segment.gate.terms if segment.gate else ()
    return ", or ".join(" and ".join(f"{join} is {key or 'otherwise'}" for join, key in term) for term in terms)
