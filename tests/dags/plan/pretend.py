"""Run a graph, and a plan of it, with symbols for values: what a plan may never change is the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace_dags.graph import Binding, Graph, Node, Use
from headrace_dags.plan.model import Member, Plan, Segment

ITEMS = 3


def given(graph: Graph) -> dict[Use, Any]:
    """A symbol for each input of the dag; a list of symbols where it is many."""
    return {
        Use(node="", port=port.name): [f"{port.name}{place}" for place in range(ITEMS)] if port.many else port.name
        for port in graph.inputs
    }


def run_graph(graph: Graph) -> list[Any]:
    """The outputs of the dag, node by node."""
    values = given(graph)
    for node in graph.nodes:
        values |= run_node(node, values)
    return [values[output.use] for output in graph.outputs]


def run_plan(plan: Plan) -> list[Any]:
    """The outputs of the dag, segment by segment and chunk by chunk, each seeing no more than its flows."""
    log = given(plan.graph)
    for segment in plan.segments:
        log |= _run_segment(plan.graph, segment, {flow.use: log[flow.use] for flow in segment.inputs})
    return [log[output.use] for output in plan.graph.outputs]


def run_node(node: Node, values: Mapping[Use, Any]) -> dict[Use, Any]:
    """One node: an output is a symbol of all that it was made from, one for each item where it is mapped."""
    takes = {each.port.name: _taken(each.binding, values) for each in node.inputs}
    if not node.mapped:
        return {Use(node=node.name, port=port.name): _make(node, port.name, port.many, takes) for port in node.outputs}
    (name,) = node.mapped
    items = takes[name]
    return {
        Use(node=node.name, port=port.name): [_make(node, port.name, False, takes | {name: item}) for item in items]
        for port in node.outputs
    }


def _taken(binding: Binding, values: Mapping[Use, Any]) -> Any:
    if isinstance(binding, Use):
        return values[binding]
    return tuple(binding.value) if isinstance(binding.value, list) else binding.value


def _make(node: Node, port: str, many: bool, takes: Mapping[str, Any]) -> Any:
    made = (node.name, port, tuple(tuple(take) if isinstance(take, list) else take for take in takes.values()))
    return [(made, place) for place in range(ITEMS)] if many else made


def _run_segment(graph: Graph, segment: Segment, inputs: dict[Use, Any]) -> dict[Use, Any]:
    if not segment.mapped:
        return _run_members(graph, segment, inputs)
    count = {len(inputs[use]) for use in segment.mapped}
    assert len(count) == 1, "values of one axis have one length"
    made: dict[Use, Any] = {flow.use: [] for flow in segment.outputs}
    for start in range(0, count.pop(), 2):
        chunk = {use: value[start : start + 2] if use in segment.mapped else value for use, value in inputs.items()}
        for use, items in _run_members(graph, segment, chunk).items():
            made[use].extend(items)
    return made


def _run_members(graph: Graph, segment: Segment, inputs: dict[Use, Any]) -> dict[Use, Any]:
    values = dict(inputs)
    for member in segment.members:
        values |= _run_member(graph, member, {flow.use: values[flow.use] for flow in member.inputs})
    return {flow.use: values[flow.use] for flow in segment.outputs}


def _run_member(graph: Graph, member: Member, inputs: dict[Use, Any]) -> dict[Use, Any]:
    values = dict(inputs)
    for name in member.nodes:
        values |= run_node(graph.by_name[name], values)
    return {flow.use: values[flow.use] for flow in member.outputs}
