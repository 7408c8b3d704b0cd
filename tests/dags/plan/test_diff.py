"""Two plans compared: what becomes of each segment, why, and what callers see."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from building import IMAGE, JSON, Builder

from headrace_dags.diff.compare import compare
from headrace_dags.diff.difference import Change, Difference
from headrace_dags.diff.interface import interface
from headrace_dags.diff.words import describe
from headrace_dags.graph import Graph, Node, Options, PortType, Resources
from headrace_dags.plan.digests import Code, DigestInputs
from headrace_dags.plan.model import Plan, Slice
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import kubernetes, local

INPUTS = DigestInputs(
    modules=MappingProxyType(
        {"first": Code({"first.py": "1"}, {"numpy": "1.26.4"}), "second": Code({"second.py": "2", "shared.py": "3"})}
    ),
    models={"m.onnx": "4"},
    headrace="0.1.0",
    server="0.7.0",
    python="3.11",
)
GPU = Resources(device="gpu", gpu_memory_bytes=2 << 30)


def graph(config: dict[str, Any] | None = None, **second: Any) -> Graph:
    """``a`` in one segment; ``b``, a class step with a constant, and the function ``c`` in another."""
    build = Builder()
    constant = second.pop("constant", 1)
    a = build.node("a", build.input(), module="first", isolate=True)
    b = build.node("b", a, constant, module="second", **({"form": "stateful"} | second))
    made = build.graph(build.node("c", b, module="second"))
    return edited(made, "b", step={"config": config}) if config is not None else made


def edited(found: Graph, name: str, step: dict[str, Any] | None = None, **node: Any) -> Graph:
    """The graph with other attributes of one node, and of its step."""

    def edit(each: Node) -> Node:
        return each.model_copy(update={**node, "step": each.step.model_copy(update=step or {})})

    return found.model_copy(update={"nodes": tuple(edit(each) if each.name == name else each for each in found.nodes)})


def planned(found: Graph | None = None, inputs: DigestInputs = INPUTS) -> Plan:
    return plan(found or graph(), local(), inputs)


def difference(new: Graph | None = None, inputs: DigestInputs = INPUTS) -> Difference:
    return compare(planned(), planned(new, inputs))


def told(changes: tuple[Change, ...]) -> list[str]:
    return [f"{each.kind} {each.what} {each.change} {each.old} {each.new}" for each in changes]


def fates(found: Difference) -> dict[str, str]:
    return {each.new or each.old: each.fate for each in found.segments}


def with_code(files: dict[str, str], distributions: dict[str, str]) -> DigestInputs:
    return replace(INPUTS, modules=MappingProxyType({**INPUTS.modules, "second": Code(files, distributions)}))


def test_a_plan_and_itself_are_the_same():
    found = difference()
    assert fates(found) == {"a": "unchanged", "b-to-c": "unchanged"}
    assert not found.redeploys
    assert describe(found) == (
        "dag on local: the plans are the same\n\nUnchanged, with server, topic and name: a, b-to-c\n"
    )


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        (with_code({"second.py": "2", "shared.py": "x"}, {}), "file shared.py changed 3 x"),
        (with_code({"second.py": "2"}, {}), "file shared.py removed 3 None"),
        (
            with_code({"second.py": "2", "shared.py": "3"}, {"pillow": "11"}),
            "distribution pillow added None 11",
        ),
        (replace(INPUTS, models={"m.onnx": "x"}), "model m.onnx changed 4 x"),
    ],
)
def test_code_and_models_are_named(inputs, why):
    model = graph(form="onnx", model_file="m.onnx")
    found = compare(planned(model), planned(model, inputs))
    assert fates(found) == {"a": "unchanged", "b-to-c": "redeployed"}
    assert told(found.segments[1].causes) == [why]


@pytest.mark.parametrize("change", [{"headrace": "0.2.0"}, {"server": "0.8.0"}, {"python": "3.12"}])
def test_what_serves_is_named_in_every_segment(change):
    found = difference(inputs=replace(INPUTS, **change))
    (what, version), *_ = change.items()
    was = getattr(INPUTS, what)
    assert [told(each.causes) for each in found.segments] == [[f"version {what} changed {was} {version}"]] * 2


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (graph(constant=True), ["configuration b.in1 changed 1 True"]),
        (graph(constant=2), ["configuration b.in1 changed 1 2"]),
        (graph(config={"scale": 3}), ["configuration b.scale added None 3"]),
        (graph(batch=4), ["batching b.size added None 4", "batching b.batch_ports changed [] ['in0']"]),
        (
            graph(resources=Resources(memory_bytes=1 << 30)),
            ["resources b.memory_bytes changed 0 1073741824"],
        ),
        (graph(gives=JSON), ["wiring c.in0.type changed", "wiring b.outputs.result.type changed"]),
        (edited(graph(), "b", step={"target": "second:B"}), ["step b.target changed second:b second:B"]),
    ],
)
def test_what_a_step_says_is_named(new, why):
    found = difference(new)
    assert fates(found)["a"] == "unchanged"
    causes = " | ".join(told(found.segments[1].causes))
    assert all(each in causes for each in why), causes
    assert "unrecorded" not in causes


def test_of_a_configuration_both_values_are_told():
    found = compare(
        planned(graph(config={"model": "base", "beams": 1})), planned(graph(config={"model": "small", "beams": 1}))
    )
    assert told(found.segments[1].causes) == ["configuration b.model changed base small"]
    assert '  configuration  b.model "base" -> "small"\n' in describe(found)


def test_a_node_that_comes_between_and_one_that_goes():
    build = Builder()
    a = build.node("a", build.input(), module="first", isolate=True)
    found = difference(
        build.graph(build.node("d", build.node("b", a, 1, form="stateful", module="second"), module="second"))
    )
    assert [(each.fate, each.old, each.new) for each in found.segments] == [
        ("unchanged", "a", "a"),
        ("redeployed", "b-to-c", "b-to-d"),
    ]
    assert told(found.segments[1].causes) == ["step d added None second:d", "step c removed second:c None"]


def test_a_cut_is_told_where_the_node_was_and_where_it_is():
    alone = edited(graph(), "c", options=Options(isolate=True))
    found = difference(alone)
    assert fates(found) == {"a": "unchanged", "b": "redeployed", "c": "new"}
    assert [told(each.causes) for each in found.segments[1:]] == [
        ["cut c removed None isolate"],
        ["cut c added None isolate"],
    ]
    back = compare(planned(alone), planned())
    assert fates(back) == {"a": "unchanged", "b-to-c": "redeployed", "c": "removed"}
    assert told(back.segments[1].causes) == ["cut c added isolate None"]
    assert told(back.segments[2].causes) == ["cut c removed isolate None"]


def test_another_slice_is_told():
    small, large = (kubernetes("plain", (Slice(name=name, gpu_memory_bytes=4 << 30),)) for name in ("small", "large"))
    found = compare(plan(graph(resources=GPU), small, INPUTS), plan(graph(resources=GPU), large, INPUTS))
    assert told(found.segments[1].causes) == ["resources slice changed small large"]
    assert told(found.target) == [
        "target slices.small.gpu_memory_bytes removed 4294967296 None",
        "target slices.large.gpu_memory_bytes added None 4294967296",
    ]


def test_what_only_the_engine_heeds_redeploys_nothing():
    new = edited(graph(), "b", options=Options(retry=2)).model_copy(update={"deadline_s": 60.0})
    found = difference(new)
    assert not found.redeploys
    assert found.old_plan != found.new_plan
    assert told(found.engine) == ["option deadline_s changed None 60.0", "option b.retry changed 0 2"]


def test_plans_without_ingredients_say_that_they_cannot_tell():
    bare = planned().model_copy(update={"ingredients": type(planned().ingredients)()})
    found = compare(bare, planned(inputs=replace(INPUTS, server="0.8.0")))
    assert [each.causes[0].kind for each in found.segments] == ["unrecorded", "unrecorded"]


def dag(
    item: PortType = IMAGE,
    *,
    more: tuple[str, ...] = (),
    name: str = "dag",
    default: bool = False,
    optional: bool = False,
) -> Graph:
    build = Builder(name)
    made = build.node("a", build.input("picture", item), *(build.input(each) for each in more))
    found = build.graph(made)
    picture = found.inputs[0].model_copy(update={"optional": optional})
    fed = [picture, *(each.model_copy(update={"has_default": default}) for each in found.inputs[1:])]
    return found.model_copy(update={"inputs": tuple(fed)})


PNG, ANY = PortType(kind="image", media="image/png"), PortType(kind="image", media="image/*")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (dag(), dag(name="other"), ("dag", "name", "yes")),
        (dag(), dag(more=("query",)), ("input", "query", "yes")),
        (dag(), dag(more=("query",), default=True), ("input", "query", "no")),
        (dag(more=("query",)), dag(), ("input", "query", "yes")),
        (dag(more=("query",), default=True), dag(more=("query",)), ("input", "query.default", "yes")),
        (dag(more=("query",)), dag(more=("query",), default=True), ("input", "query.default", "no")),
        (dag(PNG), dag(ANY), ("input", "picture", "no")),
        (dag(ANY), dag(PNG), ("input", "picture", "maybe")),
        (dag(), dag(optional=True), ("input", "picture", "no")),
        (dag(optional=True), dag(), ("input", "picture", "maybe")),
    ],
)
def test_whether_a_changed_input_breaks_callers(old, new, expected):
    (change,) = compare(planned(old), planned(new)).interface
    assert (change.kind, change.what, change.breaks) == expected


def outputs(*results: str, gives: PortType = ANY) -> Graph:
    build = Builder()
    made = dict(zip(("one", "two"), build.node("a", build.input(), gives={"one": gives, "two": gives}), strict=True))
    return build.graph(*(made[each] for each in results))


def spoken(*, streams: bool, idle_s: float | None = None) -> Graph:
    build = Builder()
    return build.graph(build.node("talk", build.input(), many=True, idle_s=idle_s), streams=streams)


def test_how_long_a_stream_may_be_silent_redeploys_nothing():
    found = compare(planned(spoken(streams=True)), planned(spoken(streams=True, idle_s=5.0)))
    assert not found.redeploys
    assert told(found.engine) == ["option talk.idle_s added None 5.0"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (spoken(streams=True), spoken(streams=False), ("output", "result.leaves", "maybe")),
        (spoken(streams=False), spoken(streams=True), ("output", "result.leaves", "no")),
        (outputs("one", "two"), outputs("one"), ("output", "out1", "yes")),
        (outputs("one"), outputs("one", "two"), ("output", "out1", "no")),
        (outputs("one"), outputs("two"), ("output", "result.from", "no")),
        (outputs("one"), outputs("one", gives=PNG), ("output", "result", "no")),
        (outputs("one", gives=PNG), outputs("one"), ("output", "result", "maybe")),
    ],
)
def test_whether_a_changed_output_breaks_callers(old, new, expected):
    (change,) = compare(planned(old), planned(new)).interface
    assert (change.kind, change.what, change.breaks) == expected


EXPECTED = """\
dag on local: 1 segment redeployed, 1 new, 1 unchanged

b, which was b-to-c, is redeployed:
  file           shared.py changed
  distribution   pillow 11 is imported now
  cut            c left: cut by isolate (isolate=True is asked for c)
  resources      b.memory_bytes 0 GiB -> 1 GiB
  configuration  b.in1 1 -> 2

c is new:
  file          shared.py changed
  distribution  pillow 11 is imported now
  cut           c came: cut by isolate (isolate=True is asked for c)

Unchanged, with server, topic and name: a

For those who call it:
  breaks  input x is gone
  breaks  input y, Text, is new, and has no default

For the engine alone:
  option  c.isolate false -> true
"""


def test_a_difference_in_words():
    code = with_code({"second.py": "2", "shared.py": "x"}, {"pillow": "11"})
    apart = edited(graph(constant=2, resources=Resources(memory_bytes=1 << 30)), "c", options=Options(isolate=True))
    renamed = apart.model_copy(update={"inputs": tuple(each.model_copy(update={"name": "y"}) for each in apart.inputs)})
    found = compare(planned(), planned(apart, code)).model_copy(
        update={"interface": interface(graph(), renamed)},
    )
    assert describe(found) == EXPECTED
