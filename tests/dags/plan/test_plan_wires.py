"""How values travel: one wire for each, in the whole plan; and the names of tensors and segments."""

from __future__ import annotations

import re

import pytest
from building import AUDIO, IMAGE, JSON, TEXT, VECTOR, VIDEO, Builder
from outlines import planned, wires

from headrace_dags.graph import PortType
from headrace_dags.plan.naming import Names, group_name, tensor_name
from headrace_dags.plan.wires import Traffic, wire_of

ONE = Traffic(many=False, batched=False, crosses=True)
MANY = Traffic(many=True, batched=False, crosses=False)
MANY_CROSSING = Traffic(many=True, batched=False, crosses=True)
BATCHED = Traffic(many=False, batched=True, crosses=False)
MASK = PortType(kind="image", dtype="uint8", axes=("h", "w"))
SPECTRAL = PortType(kind="image", dtype="uint8", axes=("h", "w", "c=7"))
THUMBNAIL = PortType(kind="image", dtype="uint8", axes=("h=64", "w=64", "c=3"))
COMPLEX = PortType(kind="tensor", dtype="complex64", axes=("d=4",))
SCALAR = PortType(kind="tensor", dtype="float32")


@pytest.mark.parametrize(
    ("item", "traffic", "wire"),
    [
        (TEXT, MANY_CROSSING, "text"),
        (JSON, MANY, "json"),
        (VIDEO, ONE, "handle"),
        (VIDEO, MANY, "handle"),
        (IMAGE, ONE, "tensor"),
        (IMAGE, MANY, "npy"),
        (IMAGE, MANY_CROSSING, "png"),
        (IMAGE, BATCHED, "npy"),
        (AUDIO, ONE, "tensor"),
        (AUDIO, MANY_CROSSING, "npy"),
        (AUDIO, BATCHED, "npy"),
        (VECTOR, MANY_CROSSING, "tensor"),
        (VECTOR, BATCHED, "tensor"),
        (THUMBNAIL, MANY_CROSSING, "tensor"),
        (MASK, MANY_CROSSING, "npy"),
        (SPECTRAL, MANY_CROSSING, "npy"),
        (COMPLEX, ONE, "npy"),
        (SCALAR, MANY, "tensor"),
    ],
)
def test_the_wire_follows_type_and_traffic(item, traffic, wire):
    assert wire_of(item, traffic) == wire


def test_images_between_models_of_one_segment_are_not_compressed():
    build = Builder()
    frames = build.node("frames", build.input("v", VIDEO), gives=IMAGE, many=True)
    small = build.node("shrink", frames, mapped=True, gives=IMAGE)
    text = build.node("read", small, mapped=True, batch=8)
    assert wires(planned(build.graph(text))) == {
        "in_v": "handle",
        "frames_result": "png",
        "shrink_result": "npy",
        "read_result": "text",
    }


def test_one_image_for_a_batched_model_may_meet_others_of_another_size():
    build = Builder()
    plan = planned(build.graph(build.node("read", build.node("load", build.input("v", VIDEO), gives=IMAGE), batch=8)))
    assert wires(plan)["load_result"] == "npy"


def test_images_given_to_a_run_in_numbers_are_compressed():
    build = Builder()
    plan = planned(build.graph(build.node("count", build.input("pages", IMAGE, many=True), gives=JSON)))
    assert wires(plan)["in_pages"] == "png"


def test_a_value_has_one_flow_wherever_it_shows():
    build = Builder()
    a = build.node("a", build.input(), form="stateful", gives=AUDIO)
    plan = planned(build.graph(build.node("b", a, form="stateful"), build.node("c", a, isolate=True)))
    shown = [
        flow
        for segment in plan.segments
        for border in (segment, *segment.members)
        for flow in (*border.inputs, *border.outputs)
        if flow.use == a.use
    ]
    assert len(shown) == 5
    assert set(shown) == {shown[0]}


def test_values_inside_a_model_have_no_flow():
    build = Builder()
    plan = planned(build.graph(build.node("b", build.node("a", build.input()))))
    assert wires(plan) == {"in_x": "text", "b_result": "text"}


def test_constants_never_flow():
    build = Builder()
    plan = planned(build.graph(build.node("a", build.input(), "fast", 3)))
    assert [flow.name for flow in plan.segments[0].inputs] == ["in_x"]


def test_tensor_names_fit_servers():
    assert tensor_name("read_slide", "result") == "read_slide_result"
    assert tensor_name("", "größe") == "in_gro_e"
    assert re.fullmatch(r"[A-Za-z0-9_]+", tensor_name("日本", "x"))


def test_tensor_names_that_meet_are_numbered():
    build = Builder()
    x = build.input()
    a = build.node("a", x, gives={"b_c": TEXT}, form="stateful")
    ab = build.node("a_b", x, gives={"c": TEXT}, form="stateful")
    plan = planned(build.graph(build.node("end", a, ab)))
    assert {flow.name for flow in plan.segments[0].members[-1].inputs} == {"a_b_c", "a_b_c_2"}


@pytest.mark.parametrize(
    ("nodes", "name"),
    [
        (["read_slide"], "read-slide"),
        (["a", "b", "c"], "a-to-c"),
        (["_private"], "private"),
        (["Überblick"], "uberblick"),
        (["日本"], "step"),
        (["a_step_with_a_very_long_name", "and_another_one_that_is_long"], "a-step-with-a-very-to-and-another-one-th"),
    ],
)
def test_segments_are_named_after_their_nodes(nodes, name):
    assert group_name(nodes) == name


def test_names_are_given_once_and_stay_short():
    names = Names("-")
    assert [names.give("a" * 50, 40) for _ in range(2)] == ["a" * 40, "a" * 38 + "-2"]
    assert [names.give("b-2"), names.give("b"), names.give("b")] == ["b-2", "b", "b-3"]
