"""What changes for the engine alone, for which no server changes: limits and retries, joins between segments, gates. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from headrace_dags.diff.changes import changes, said
from headrace_dags.diff.difference import Change
from headrace_dags.graph import Graph
from headrace_dags.plan.explain import chooses_from, decides_by, needed
from headrace_dags.plan.model import Plan


def engine(old: Plan, new: Plan) -> tuple[Change, ...]:
    """What the engine will do otherwise."""
    joins = [
        {each.name: f"{each.kind} by {decides_by(each)}, of {chooses_from(plan, each)}" for each in plan.joins}
        for plan in (old, new)
    ]
    gates = [{each.name: needed(each.gate) or "always" for each in plan.segments} for plan in (old, new)]
    runs = (change for change in changes("gate", *gates) if change.change == "changed")
    return (*_options(old.graph, new.graph), *changes("join", *joins), *runs)


def _options(old: Graph, new: Graph) -> Iterator[Change]:
    """Limits and retries: of the dag, and of the nodes that both have."""
    yield from changes("option", {"deadline_s": old.deadline_s}, {"deadline_s": new.deadline_s})
    for name in (each for each in old.by_name if each in new.by_name):
        before, after = (said(graph.by_name[name].options) for graph in (old, new))
        yield from changes("option", before, after, prefix=f"{name}.")
