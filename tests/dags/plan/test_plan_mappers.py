"""Which maps a mapper drives inside a segment, what it runs and calls, and why others cross the log in chunks."""

from __future__ import annotations

from typing import Any

import pytest
from building import IMAGE, VECTOR, Builder
from outlines import cuts, outline, planned, wires

from headrace_dags.graph import Resources
from headrace_dags.plan.explain import explain
from headrace_dags.plan.model import Slice
from headrace_dags.plan.targets import kubernetes


def test_a_batched_step_between_functions_is_called_by_their_model():
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=256)
    plan = planned(build.graph(build.node("unite", build.node("rate", parts, mapped=True, batch=8))))
    assert outline(plan) == ["split-to-unite: {[split] [unite] [rate]*8/8}"]
    assert cuts(plan) == ["split>rate mapper", "rate>unite mapper"]
    assert [reason.text for reason in plan.reasons] == [
        "rate is batched: a mapper calls it for at most 8 items of split at a time",
        "a mapper calls rate for items, and gathers them for unite",
    ]
    (segment,) = plan.segments
    assert (segment.lowering, segment.mapped, segment.chunk) == ("mapper", (), 0)
    assert segment.mapper
    assert segment.mapper_model == segment.model
    assert segment.model_of_call(segment.mapper.calls[0]) == f"{segment.model}-rate"


def test_models_of_one_axis_are_called_together_and_functions_behind_one_run_in_the_mapper():
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=9)
    vectors = build.node("embed", parts, mapped=True, batch=4, gives=VECTOR)
    chain = build.node("turn", build.node("scale", vectors, mapped=True, form="stateful"), mapped=True)
    other = build.node("tidy", build.node("rate", parts, mapped=True, form="stateful"), mapped=True)
    plan = planned(build.graph(build.node("unite", chain, other)))
    assert outline(plan) == ["split-to-unite: {[split] [tidy] [unite] [embed]*4[scale][turn]/4 [rate]/1}"]


def test_models_that_run_once_stand_beside_the_mapper():
    build = Builder()
    parts = build.node("split", build.node("load", build.input(), form="stateful"), many=True, max_items=9)
    united = build.node("unite", build.node("rate", parts, mapped=True, batch=8))
    plan = planned(build.graph(build.node("judge", united, form="stateful")))
    assert outline(plan) == ["load-to-judge: [load] [judge] {[split] [unite] [rate]*8/8}"]
    assert plan.segments[0].lowering == "ensemble"


def test_a_map_of_what_a_class_step_makes_takes_its_items_whole():
    build = Builder()
    parts = build.node("listen", build.input(), form="stateful", many=True, max_items=9)
    plan = planned(build.graph(build.node("rate", parts, mapped=True, batch=8)))
    assert outline(plan) == ["listen-to-rate: [listen] {[rate]*8/8}"]


def test_ragged_items_stay_encoded_and_need_no_picture_format():
    build = Builder()
    frames = build.node("frames", build.input(), gives=IMAGE, many=True, max_items=64)
    plan = planned(build.graph(build.node("unite", build.node("read", frames, mapped=True, batch=8))))
    assert wires(plan)["frames_result"] == "npy"


def test_two_axes_are_driven_by_one_mapper():
    build = Builder()
    first = build.node("rate", build.node("split", build.input(), many=True, max_items=9), mapped=True, batch=2)
    again = build.node("spread", first, many=True, max_items=5)
    plan = planned(build.graph(build.node("unite", build.node("rank", again, mapped=True, form="stateful"))))
    assert outline(plan) == ["split-to-unite: {[split] [spread] [unite] [rate]*2/2 [rank]/1}"]


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ({"isolate": True}, "isolate", "isolate=True is asked for rate"),
        (
            {"retry": 2},
            "item-by-item",
            "rate has retry=, which counts for each of its items: they cross the log in chunks",
        ),
        ({"timeout_s": 5.0}, "limit-differs", "rate has a timeout=, split has none"),
        ({"tolerant": 0.5}, "tolerant", "rate is tolerant: its items fail one by one, so they cross the log in chunks"),
        ({"resources": Resources(device="gpu")}, "resources-differ", "split runs on cpu, rate on gpu"),
    ],
)
def test_what_is_asked_for_each_item_is_left_to_the_engine(options: dict[str, Any], code: str, text: str):
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=9)
    plan = planned(build.graph(build.node("unite", build.node("rate", parts, mapped=True, batch=8, **options))))
    assert outline(plan) == ["split: [split]", "rate: [rate]*8 @split.result/8", "unite: [unite]"]
    reason = plan.reasons[0]
    assert (reason.producer, reason.consumer, reason.code, reason.hop) == ("split", "rate", code, True)
    assert reason.text == text


@pytest.mark.parametrize("max_items", [None, 257])
def test_an_axis_without_a_small_bound_is_left_to_the_engine(max_items: int | None):
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=max_items)
    plan = planned(build.graph(build.node("unite", build.node("rate", parts, mapped=True, batch=8))))
    assert outline(plan) == ["split: [split]", "rate: [rate]*8 @split.result/8", "unite: [unite]"]
    assert cuts(plan) == ["split>>rate mapped-model", "rate>>unite fan-in-many"]


def test_calls_do_not_wait_for_what_they_do_not_need():
    build = Builder()
    x = build.input()
    rated = build.node("rate", build.node("split", x, many=True, max_items=9), mapped=True, batch=8)
    plan = planned(build.graph(build.node("unite", rated, build.node("slow", x, form="stateful"))))
    assert outline(plan) == ["split-to-rate: {[split] [rate]*8/8}", "slow-to-unite: [slow] [unite]"]
    assert cuts(plan) == ["split>rate mapper", "rate>>unite waits-for", "slow>unite own-model"]
    text = "with unite in its model rate would wait for slow, which it does not need"
    assert text in [reason.text for reason in plan.reasons]


def test_calls_may_wait_for_what_they_need():
    build = Builder()
    x = build.input()
    query = build.node("query", x, form="stateful")
    parts = build.node("split", x, many=True, max_items=9)
    plan = planned(build.graph(build.node("unite", build.node("rank", parts, query, mapped=True, form="stateful"))))
    assert outline(plan) == ["query-to-unite: [query] {[split] [unite] [rank]/1}"]
    assert "query>rank mapper" in cuts(plan)


def test_models_that_do_not_fit_on_one_slice_together_are_apart():
    build = Builder()
    cluster = kubernetes("plain", (Slice(name="1g.10gb", gpu_memory_bytes=9 << 30),))
    need = Resources(device="gpu", gpu_memory_bytes=6 << 30)
    parts = build.node("split", build.input(), many=True, max_items=9, resources=need)
    plan = planned(build.graph(build.node("rate", parts, mapped=True, batch=8, resources=need)), cluster)
    assert cuts(plan) == ["split>>rate slice-full"]


def test_the_digest_covers_the_mapper():
    def digest(batch: int) -> str:
        build = Builder()
        parts = build.node("split", build.input(), many=True, max_items=9)
        return planned(build.graph(build.node("rate", parts, mapped=True, batch=batch))).segments[0].digest

    assert digest(8) == digest(8) != digest(4)


def test_a_mapper_is_explained():
    build = Builder()
    parts = build.node("split", build.node("load", build.input(), form="stateful"), many=True, max_items=9)
    plan = planned(build.graph(build.node("unite", build.node("rate", parts, mapped=True, batch=8))))
    rows = [line.split("  ") for line in explain(plan).splitlines()[2:6]]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["SEGMENT", "SLICE", "FED", "MODEL", "NODES, IN ORDER", "BATCHES"],
        ["load-to-unite", "none", "once a run", "load", "load", "-"],
        ["mapper-rate", "split unite", "-"],
        ["mapper-rate, 8 at a time", "rate", "rate", "up to 8 across runs"],
    ]
