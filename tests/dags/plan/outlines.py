"""A plan in a few short lines, so that a test shows at a glance what is expected."""

from __future__ import annotations

from headrace_dags.graph import Graph
from headrace_dags.plan.digests import DigestInputs
from headrace_dags.plan.model import Mapper, Member, Plan, Segment, Target
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local


def planned(graph: Graph, target: Target | None = None) -> Plan:
    return plan(graph, target or local(), DigestInputs())


def outline(plan: Plan) -> list[str]:
    """A line a segment: its name, members in brackets, nodes in order; ``*n`` batched across runs; ``@axis/chunk`` mapped.

    A mapper is in braces: what it runs itself, then each call with the most items of it.
    """
    return [_segment(segment) for segment in plan.segments]


def cuts(plan: Plan) -> list[str]:
    """A line a reason: ``producer>consumer code``; a hop has ``>>``."""
    return [
        f"{reason.producer or '-'}{'>>' if reason.hop else '>'}{reason.consumer} {reason.code}"
        for reason in plan.reasons
    ]


def wires(plan: Plan) -> dict[str, str]:
    """The wire of each value that flows between segments or members."""
    members = [member for segment in plan.segments for member in segment.members]
    return {flow.name: flow.wire for member in members for flow in (*member.inputs, *member.outputs)}


def _segment(segment: Segment) -> str:
    mapped = f" @{'+'.join(str(use) for use in segment.mapped)}/{segment.chunk}" if segment.mapped else ""
    stations = (_mapper(each, segment) if isinstance(each, Mapper) else _member(each) for each in segment.stations)
    return f"{segment.name}: {' '.join(stations)}{mapped}"


def _mapper(mapper: Mapper, segment: Segment) -> str:
    members = {member.name: _member(member) for member in segment.members}
    calls = (f"{''.join(members[name] for name in call.members)}/{call.chunk}" for call in mapper.calls)
    return f"{{{' '.join([*(members[name] for name in mapper.inline), *calls])}}}"


def _member(member: Member) -> str:
    batched = f"*{member.batching.size}" if member.batching else ""
    return f"[{' '.join(member.nodes)}]{batched}"
