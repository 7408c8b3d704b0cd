"""The digest of a segment is another one exactly where the difference names a cause."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from building import JSON
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import graphs

from headrace_dags.diff.compare import compare
from headrace_dags.diff.words import describe
from headrace_dags.graph import Batching, Const, Graph, Node, Options, Resources
from headrace_dags.plan.digests import Code, DigestInputs
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local

some = settings(max_examples=150, deadline=None, derandomize=True, database=None)
INPUTS = DigestInputs(
    modules=MappingProxyType({"steps": Code({"steps.py": "1", "shared.py": "2"}, {"numpy": "1.26.4"})}),
    headrace="0.1.0",
    server="0.7.0",
    python="3.11",
)
STEPS = (
    {"form": "stateful"},
    {"config": {"model": "small"}},
    {"config": {"model": None}},
    {"batching": Batching(size=7)},
    {"batching": Batching(size=4, wait_us=5)},
    {"batch_ports": ("in1",)},
    {"max_items": 7},
    {"yields": True},
    {"target": "steps:other"},
    {"resources": Resources(memory_bytes=7)},
    {"resources": Resources(device="gpu", gpu_memory_bytes=1)},
)
OPTIONS = (Options(retry=1), Options(timeout_s=1), Options(isolate=True))
ADDED = (
    {"headrace": "0.2.0"},
    {"python": "3.12"},
    {"modules": {"steps": Code({"steps.py": "1", "shared.py": "x"}, {"numpy": "1.26.4"})}},
    {"modules": {"steps": Code({"steps.py": "1"}, {"numpy": "2.0.0"})}},
    {"modules": {**INPUTS.modules, "unrelated": Code({"unrelated.py": "1"})}},
)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Plan, Plan]:
    """A plan, and that of the same graph after one or two edits."""
    old = draw(graphs(8))
    new = old
    for _ in range(draw(st.integers(0, 2)) if old.nodes else 0):
        new = _edited(draw, new)
    inputs = replace(INPUTS, **draw(st.sampled_from(ADDED))) if draw(st.integers(0, 3)) == 0 else INPUTS
    return plan(old, local(), INPUTS), plan(new, local(), inputs)


def _edited(draw: st.DrawFn, graph: Graph) -> Graph:
    place = draw(st.integers(0, len(graph.nodes) - 1))
    node = _edit(draw, graph.nodes[place])
    return graph.model_copy(update={"nodes": (*graph.nodes[:place], node, *graph.nodes[place + 1 :])})


def _edit(draw: st.DrawFn, node: Node) -> Node:
    match draw(st.integers(0, 2)):
        case 0:
            return node.model_copy(update={"options": draw(st.sampled_from(OPTIONS))})
        case 1:
            fed = node.inputs[-1].model_copy(
                update={"binding": Const(value=draw(st.sampled_from([1, 1.0, True, "1"])))}
            )
            fed = fed.model_copy(update={"port": fed.port.model_copy(update={"type": JSON, "many": False})})
            kept = fed.port.name not in node.mapped
            return node.model_copy(update={"inputs": (*node.inputs[:-1], fed)}) if kept else node
        case _:
            return node.model_copy(update={"step": node.step.model_copy(update=draw(st.sampled_from(STEPS)))})


def holds(old: Plan, new: Plan) -> None:
    found = compare(old, new)
    assert [each.new for each in found.segments if each.new] == list(new.by_name)
    assert sorted(each.old for each in found.segments if each.old) == sorted(old.by_name)
    for each in found.segments:
        assert (each.fate == "unchanged") == (each.old_digest == each.new_digest) == (not each.causes)
        assert "unrecorded" not in {cause.kind for cause in each.causes}
        assert not each.old or old.by_name[each.old].digest == each.old_digest
        assert not each.new or new.by_name[each.new].digest == each.new_digest
    assert describe(found)


@given(edits())
@some
def test_every_edit_has_its_cause(pair: tuple[Plan, Plan]):
    holds(*pair)


@given(graphs(8), graphs(8))
@some
def test_two_dags_with_nodes_of_the_same_names_have_theirs(one: Graph, other: Graph):
    holds(plan(one, local(), INPUTS), plan(other, local(), INPUTS))


@given(graphs())
@some
def test_a_plan_and_itself_have_none(graph: Graph):
    made = plan(graph, local(), INPUTS)
    found = compare(made, Plan.model_validate_json(made.model_dump_json()))
    assert not found.redeploys
    assert found.old_plan == found.new_plan
    assert (found.interface, found.engine, found.target) == ((), (), ())
