"""What holds of every plan, whatever the graph."""

from __future__ import annotations

import re

from hypothesis import given, settings
from outlines import planned
from pretend import run_graph, run_plan
from random_graphs import graphs

from headrace_dags.axes import Axes, mapped_uses, whole_uses
from headrace_dags.graph import Graph, Use
from headrace_dags.plan.model import Flow, Plan, Segment

some = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@given(graphs(20))
@settings(some, max_examples=150)
def test_a_plan_computes_what_the_graph_computes(graph: Graph):
    assert run_plan(planned(graph)) == run_graph(graph)


@given(graphs())
@some
def test_every_node_is_in_one_member(graph: Graph):
    nodes = [name for segment in planned(graph).segments for name in segment.nodes]
    assert sorted(nodes) == sorted(node.name for node in graph.nodes)


@given(graphs())
@some
def test_segments_and_members_come_after_what_they_take(graph: Graph):
    plan = planned(graph)
    there = {Use(node="", port=port.name) for port in graph.inputs}
    for segment in plan.segments:
        inside = {flow.use for flow in segment.inputs}
        assert inside <= there
        for member in segment.members:
            assert {flow.use for flow in member.inputs} <= inside
            inside |= {flow.use for flow in member.outputs}
            assert _in_order(graph, member.nodes)
        there |= {flow.use for flow in segment.outputs}
    assert {output.use for output in graph.outputs} <= there


@given(graphs())
@some
def test_what_crosses_a_border_has_one_flow_on_both_sides(graph: Graph):
    plan = planned(graph)
    flows: dict[Use, set[Flow]] = {}
    for flow in _all_flows(plan):
        flows.setdefault(flow.use, set()).add(flow)
    assert all(len(found) == 1 for found in flows.values())
    names = [flow.name for found in flows.values() for flow in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names)


@given(graphs())
@some
def test_a_mapped_segment_runs_over_one_axis(graph: Graph):
    plan, axes = planned(graph), Axes(graph)
    for segment in plan.segments:
        if segment.mapped:
            nodes = [graph.by_name[name] for name in segment.nodes]
            assert len({axes.of_node(node) for node in nodes} | {axes.of_value[use] for use in segment.mapped}) == 1
            whole = {use for node in nodes for use in whole_uses(node)}
            assert whole.isdisjoint(segment.mapped)
            assert {use for node in nodes for use in mapped_uses(node)} - _made(graph, segment) == set(segment.mapped)
            assert segment.chunk >= 1
        else:
            assert segment.chunk == 0


@given(graphs(20))
@settings(some, max_examples=150)
def test_a_stream_ends_a_segment_of_one_model_that_gives_nothing_else(graph: Graph):
    plan = planned(graph)
    for segment in plan.segments:
        last = segment.nodes[-1]
        assert (segment.stream is not None) == bool(graph.streams.intersection(segment.nodes))
        if segment.stream:
            assert [flow.use.node for flow in segment.outputs] == [last]
            assert graph.streams.intersection(segment.nodes) == {last}
            assert (segment.lowering, segment.mapped, len(segment.members)) == ("inline", (), 1)


@given(graphs())
@some
def test_models_that_hold_something_stand_alone(graph: Graph):
    for segment in planned(graph).segments:
        for member in segment.members:
            slow = [name for name in member.nodes if not _is_plain(graph, name)]
            assert not slow or len(member.nodes) == 1
        assert (segment.lowering == "inline") == (len(segment.members) == 1)


@given(graphs())
@some
def test_what_is_served_together_may_be(graph: Graph):
    for segment in planned(graph).segments:
        nodes = [graph.by_name[name] for name in segment.nodes]
        assert len({node.step.resources.device for node in nodes}) == 1
        assert len(nodes) == 1 or not any(node.options.isolate for node in nodes)
        assert len(segment.members) == 1 or all(member.inputs for member in segment.members)
        assert all(member.outputs for member in segment.members)
        taken = {*segment.outputs, *(flow for member in segment.members for flow in member.inputs)}
        assert all(flow in taken for member in segment.members for flow in member.outputs), (
            "an ensemble wastes no tensor"
        )


@given(graphs())
@some
def test_all_of_a_segment_is_cached_or_nothing_is(graph: Graph):
    for segment in planned(graph).segments:
        assert {graph.by_name[name].options.cache for name in segment.nodes} == {segment.cached}
        assert segment.inputs or not segment.cached


@given(graphs())
@some
def test_every_cut_has_one_reason(graph: Graph):
    plan = planned(graph)
    member, segment = _places(plan)
    apart = {
        (use.node, node.name): segment[use.node] != segment[node.name]
        for node in graph.nodes
        for use in node.uses()
        if use.node and member[use.node] != member[node.name]
    }
    given_reasons = [(reason.producer, reason.consumer) for reason in plan.reasons if reason.producer]
    assert sorted(given_reasons) == sorted(apart)
    assert all(reason.hop == apart[reason.producer, reason.consumer] for reason in plan.reasons if reason.producer)
    assert all(reason.text and reason.code for reason in plan.reasons)


@given(graphs())
@some
def test_only_what_comes_per_item_is_batched_across_runs(graph: Graph):
    for segment in planned(graph).segments:
        for member in segment.members:
            if member.batching:
                flows = member.inputs
                assert len(member.nodes) == 1
                called = segment.mapper is not None and member in segment.models and member not in segment.stations
                mapped = mapped_uses(graph.by_name[member.nodes[0]]) if segment.mapped or called else ()
                assert all(not flow.many for flow in flows) or [flow.use for flow in flows] == [*mapped]
                ragged = (flow for flow in (*flows, *member.outputs) if flow.type.is_array and -1 in flow.type.sizes)
                assert all(flow.wire != "tensor" for flow in ragged)


@given(graphs())
@some
def test_names_are_unique_and_short(graph: Graph):
    plan = planned(graph)
    names = [segment.name for segment in plan.segments]
    members = [member.name for segment in plan.segments for member in segment.members]
    assert len(set(names)) == len(names)
    assert len(set(members)) == len(members)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", name) for name in (*names, *members))


@given(graphs())
@some
def test_the_same_graph_gives_the_same_plan(graph: Graph):
    again = Graph.model_validate_json(graph.model_dump_json())
    assert planned(graph).digest == planned(again).digest
    assert Plan.model_validate_json(planned(graph).model_dump_json()) == planned(graph)


def _in_order(graph: Graph, names: tuple[str, ...]) -> bool:
    place = {node.name: number for number, node in enumerate(graph.nodes)}
    return [place[name] for name in names] == sorted(place[name] for name in names)


def _all_flows(plan: Plan) -> list[Flow]:
    borders = [border for segment in plan.segments for border in (segment, *segment.members)]
    return [*plan.inputs, *plan.outputs, *(flow for border in borders for flow in (*border.inputs, *border.outputs))]


def _made(graph: Graph, segment: Segment) -> set[Use | None]:
    nodes = (graph.by_name[name] for name in segment.nodes)
    return {Use(node=node.name, port=port.name) for node in nodes for port in node.outputs}


def _is_plain(graph: Graph, name: str) -> bool:
    step = graph.by_name[name].step
    return step.form == "function" and step.batching is None


def _places(plan: Plan) -> tuple[dict[str, str], dict[str, str]]:
    member = {name: each.name for segment in plan.segments for each in segment.members for name in each.nodes}
    segment = {name: each.name for each in plan.segments for name in each.nodes}
    return member, segment
