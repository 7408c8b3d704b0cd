"""What small graphs become: fused, joined, mapped, cut; and the reason of every cut."""

from __future__ import annotations

import pytest
from building import AUDIO, IMAGE, JSON, TEXT, VECTOR, VIDEO, Builder
from outlines import cuts, outline, planned


def test_functions_in_a_row_are_one_model():
    build = Builder()
    x = build.input()
    for name in ("a", "b", "c"):
        x = build.node(name, x)
    plan = planned(build.graph(x))
    assert outline(plan) == ["a-to-c: [a b c]"]
    assert plan.segments[0].lowering == "inline"
    assert cuts(plan) == []


def test_class_steps_in_a_row_are_an_ensemble():
    build = Builder()
    one = build.node("one", build.input(), form="stateful")
    plan = planned(build.graph(build.node("two", one, form="stateful")))
    assert outline(plan) == ["one-to-two: [one] [two]"]
    assert plan.segments[0].lowering == "ensemble"
    assert cuts(plan) == ["one>two own-model"]


def test_a_diamond_of_functions_is_one_model():
    build = Builder()
    a = build.node("a", build.input())
    plan = planned(build.graph(build.node("d", build.node("b", a), build.node("c", a))))
    assert outline(plan) == ["a-to-d: [a b c d]"]


def test_a_diamond_around_a_class_step_keeps_its_order():
    build = Builder()
    a = build.node("a", build.input())
    slow = build.node("slow", a, form="stateful")
    side = build.node("side", a)
    plan = planned(build.graph(build.node("end", slow, side)))
    assert outline(plan) == ["a-to-end: [a side] [slow] [end]"]
    assert cuts(plan) == ["a>slow own-model", "slow>end own-model", "side>end path-between"]
    assert plan.reasons[-1].text == "slow runs after side and before end"


def test_branches_that_meet_are_one_segment():
    build = Builder()
    x = build.input()
    left, right = build.node("left", x, form="stateful"), build.node("right", x, form="stateful")
    plan = planned(build.graph(build.node("join", left, right)))
    assert outline(plan) == ["left-to-join: [left] [right] [join]"]


def test_branches_that_never_meet_are_two_segments():
    build = Builder()
    x = build.input()
    plan = planned(build.graph(build.node("a", x), build.node("b", x)))
    assert outline(plan) == ["a: [a]", "b: [b]"]
    assert cuts(plan) == []


def test_items_feed_a_batched_step_in_chunks_and_come_back_whole():
    build = Builder()
    frames = build.node("frames", build.input("video", VIDEO), gives=IMAGE, many=True)
    slides = build.node("read_slide", frames, mapped=True, batch=8)
    plan = planned(build.graph(build.node("index", slides)))
    assert outline(plan) == [
        "frames: [frames]",
        "read-slide: [read_slide]*8 @frames.result/8",
        "index: [index]",
    ]
    assert cuts(plan) == ["frames>>read_slide mapped-model", "read_slide>>index fan-in-many"]


def test_a_small_map_of_functions_runs_inline():
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=256)
    plan = planned(build.graph(build.node("unite", build.node("trim", parts, mapped=True))))
    assert outline(plan) == ["split-to-unite: [split trim unite]"]


@pytest.mark.parametrize("max_items", [None, 257])
def test_a_map_without_a_small_bound_is_cut(max_items):
    build = Builder()
    parts = build.node("split", build.input(), many=True, max_items=max_items)
    plan = planned(build.graph(build.node("unite", build.node("trim", parts, mapped=True))))
    assert outline(plan) == ["split: [split]", "trim: [trim] @split.result/16", "unite: [unite]"]
    assert cuts(plan) == ["split>>trim unbounded-map", "trim>>unite fan-in-many"]


def test_a_small_map_that_must_wait_for_a_model_gets_its_items_in_chunks():
    build = Builder()
    parts, head = build.node("split", build.input(), gives={"parts": TEXT, "head": TEXT}, many=("parts",), max_items=8)
    topic = build.node("classify", head, form="stateful")
    plan = planned(build.graph(build.node("label", parts, topic, mapped=True)))
    assert outline(plan) == ["split-to-classify: [split] [classify]", "label: [label] @split.parts/16"]
    assert cuts(plan) == ["split>classify own-model", "split>>label path-between", "classify>>label axis-differs"]


def test_mapped_steps_of_one_axis_are_one_segment():
    build = Builder()
    parts = build.node("split", build.input(), many=True)
    trimmed = build.node("trim", parts, mapped=True)
    vectors = build.node("embed", trimmed, mapped=True, form="stateful", batch=4, gives=VECTOR)
    plan = planned(build.graph(build.node("scale", vectors, mapped=True, gives=VECTOR)))
    assert outline(plan) == ["split: [split]", "trim-to-scale: [trim] [embed]*4 [scale] @split.result/4"]


def test_what_follows_a_class_step_that_makes_items_gets_them_in_chunks():
    build = Builder()
    sounds = build.node("listen", build.input("a", AUDIO), form="stateful", gives=AUDIO, many=True, max_items=8)
    plan = planned(build.graph(build.node("louder", sounds, mapped=True, gives=AUDIO)))
    assert outline(plan) == ["listen: [listen]", "louder: [louder] @listen.result/16"]
    assert cuts(plan) == ["listen>>louder mapped-model"]


def test_a_model_without_batches_gets_one_item_at_a_time():
    build = Builder()
    frames = build.node("frames", build.input("video", VIDEO), gives=IMAGE, many=True)
    plan = planned(build.graph(build.node("read", frames, mapped=True, form="stateful")))
    assert outline(plan)[1] == "read: [read] @frames.result/1"


def test_a_broadcast_value_is_not_cut_and_keeps_batches_within_a_run():
    build = Builder()
    x = build.input()
    query = build.node("query", x, form="stateful")
    frames = build.node("frames", x, gives=IMAGE, many=True)
    plan = planned(build.graph(build.node("rank", frames, query, mapped=True, batch=8)))
    assert outline(plan) == ["query: [query]", "frames: [frames]", "rank: [rank] @frames.result/8"]
    assert cuts(plan) == ["frames>>rank mapped-model", "query>>rank axis-differs"]
    assert [flow.many for flow in plan.segments[2].inputs] == [True, False]


def test_a_batched_step_that_takes_a_shared_value_is_batched_within_a_call():
    build = Builder()
    shared = build.node("one", build.input("a"), build.input("b"), batch=8)
    assert outline(planned(build.graph(shared))) == ["one: [one]"]


def test_a_batched_step_beside_constants_is_batched_across_runs():
    build = Builder()
    assert outline(planned(build.graph(build.node("one", build.input("a"), 0.5, batch=8)))) == ["one: [one]*8"]


def test_items_given_to_the_run_are_handled_in_chunks():
    build = Builder()
    pages = build.input("pages", many=True)
    plan = planned(build.graph(build.node("read", pages, mapped=True)))
    assert outline(plan) == ["read: [read] @pages/16"]
    assert cuts(plan) == ["->>read unbounded-map"]


def test_a_map_over_a_constant_runs_where_it_stands():
    build = Builder()
    x = build.input()
    asked = build.node("ask", ["who", "when"], x, mapped=True)
    plan = planned(build.graph(build.node("answer", build.node("clean", asked, mapped=True))))
    assert outline(plan) == ["ask-to-answer: [ask clean answer]"]


def test_a_value_taken_item_by_item_and_whole_is_not_cut():
    build = Builder()
    frames = build.node("frames", build.input("v", VIDEO), gives=IMAGE, many=True)
    plan = planned(build.graph(build.node("compare", frames, frames, mapped=True)))
    assert outline(plan) == ["frames: [frames]", "compare: [compare]"]


def test_whole_values_beside_a_chunk_of_the_same_axis_come_from_another_segment():
    build = Builder()
    frames = build.node("frames", build.input("v", VIDEO), gives=IMAGE, many=True)
    captions = build.node("caption", frames, mapped=True, form="stateful")
    plan = planned(build.graph(build.node("describe", frames, captions, mapped=True, form="stateful")))
    assert outline(plan) == [
        "frames: [frames]",
        "caption: [caption] @frames.result/1",
        "describe: [describe] @frames.result/1",
    ]
    assert cuts(plan) == [
        "frames>>caption mapped-model",
        "frames>>describe mapped-model",
        "caption>>describe fan-in-many",
    ]


def test_two_axes_are_two_segments():
    build = Builder()
    x = build.input()
    first, second = build.node("first", x, many=True), build.node("second", x, many=True)
    a, b = build.node("a", first, mapped=True), build.node("b", second, mapped=True)
    plan = planned(build.graph(build.node("end", a, b)))
    assert [segment.name for segment in plan.segments] == ["first", "second", "a", "b", "end"]


def test_a_value_of_another_axis_is_broadcast_from_another_segment():
    build = Builder()
    x = build.input()
    words = build.node("clean", build.node("words", x, many=True), mapped=True)
    frames = build.node("frames", x, gives=IMAGE, many=True)
    plan = planned(build.graph(build.node("match", frames, words, mapped=True)))
    assert "clean>>match fan-in-many" in cuts(plan)
    assert plan.segments[-1].mapped == (plan.segments[-1].inputs[0].use,)


def test_an_isolated_step_has_a_segment_of_its_own():
    build = Builder()
    a = build.node("a", build.input())
    plan = planned(build.graph(build.node("c", build.node("b", a, isolate=True))))
    assert outline(plan) == ["a: [a]", "b: [b]", "c: [c]"]
    assert cuts(plan) == ["a>>b isolate", "b>>c isolate"]
    assert plan.reasons[0].text == "isolate=True is asked for b"


def test_a_cached_step_is_apart_from_what_is_not():
    build = Builder()
    a = build.node("a", build.input())
    plan = planned(build.graph(build.node("c", build.node("b", a, cache=True))))
    assert outline(plan) == ["a: [a]", "b: [b]", "c: [c]"]
    assert cuts(plan) == ["a>>b cache-differs", "b>>c cache-differs"]
    kept = "cache=True is asked for b and not for"
    assert [each.text for each in plan.reasons] == [
        f"{kept} a: its results are kept under its own inputs",
        f"{kept} c: its results are kept under its own inputs",
    ]
    assert [segment.cached for segment in plan.segments] == [False, True, False]


def test_what_is_cached_alike_is_kept_together():
    build = Builder()
    a = build.node("a", build.input(), cache=True)
    field = build.node("field", build.node("b", a, cache=True), form="field")
    (segment,) = planned(build.graph(field)).segments
    assert (segment.nodes, segment.cached) == (("a", "b", "field"), True)


def test_a_cached_map_is_kept_item_by_item():
    build = Builder()
    few = build.node("few", build.input(), many=True, max_items=4, cache=True)
    plan = planned(build.graph(build.node("each", few, mapped=True, cache=True)))
    assert outline(plan)[0] == "few: [few]"
    assert cuts(plan) == ["few>>each cache-differs"]
    assert plan.reasons[0].text == "cache=True is asked for each: the result of each item is kept under that item"
    assert [str(use) for use in plan.segments[1].mapped] == ["few.result"]


def test_a_limit_does_not_hold_for_a_step_that_was_given_none():
    build = Builder()
    value = build.input()
    for name, timeout_s in (("a", None), ("b", 2.0), ("c", 3.0), ("d", None)):
        value = build.node(name, value, timeout_s=timeout_s)
    plan = planned(build.graph(value))
    assert outline(plan) == ["a: [a]", "b-to-c: [b c]", "d: [d]"]
    assert cuts(plan) == ["a>>b limit-differs", "c>>d limit-differs"]
    assert [reason.text for reason in plan.reasons] == ["b has a timeout=, a has none", "c has a timeout=, d has none"]


def test_nothing_is_joined_around_an_isolated_step():
    build = Builder()
    a = build.node("a", build.input())
    alone = build.node("alone", a, isolate=True)
    plan = planned(build.graph(build.node("end", a, alone)))
    assert outline(plan) == ["a: [a]", "alone: [alone]", "end: [end]"]
    assert cuts(plan) == ["a>>alone isolate", "a>>end path-between", "alone>>end isolate"]


def test_an_onnx_model_is_a_model_of_its_own():
    build = Builder()
    vector = build.node("encode", build.node("prepare", build.input()), form="onnx", model_file="m.onnx", gives=VECTOR)
    plan = planned(build.graph(build.node("store", vector)))
    assert outline(plan) == ["prepare-to-store: [prepare] [encode] [store]"]


def test_a_model_without_inputs_stays_out_of_ensembles():
    build = Builder()
    settings = build.node("settings", 3, form="stateful")
    plan = planned(build.graph(build.node("use", build.input(), settings, form="stateful")))
    assert outline(plan) == ["settings: [settings]", "use: [use]"]
    assert cuts(plan) == ["settings>>use no-input"]


def test_a_function_without_inputs_joins_the_function_that_takes_it():
    build = Builder()
    plan = planned(build.graph(build.node("use", build.input(), build.node("settings", 3))))
    assert outline(plan) == ["settings-to-use: [settings use]"]


def test_a_value_that_nobody_takes_is_given_so_that_the_model_can_be_served():
    build = Builder()
    x = build.input()
    build.node("log", x, form="stateful")
    plan = planned(build.graph(build.node("real", x)))
    assert [flow.name for flow in plan.segments[0].outputs] == ["log_result"]


def test_an_output_that_is_an_input_needs_no_segment():
    build = Builder()
    x = build.input("x", JSON)
    plan = planned(build.graph(x))
    assert plan.segments == ()
    assert [flow.name for flow in plan.inputs] == [flow.name for flow in plan.outputs] == ["in_x"]


def test_an_input_that_nobody_takes_still_has_a_flow():
    build = Builder()
    used, spare = build.input("used"), build.input("spare", JSON)
    plan = planned(build.graph(build.node("a", used), spare))
    assert [(flow.name, flow.wire) for flow in plan.inputs] == [("in_used", "text"), ("in_spare", "json")]
    assert [flow.name for flow in plan.outputs] == ["a_result", "in_spare"]


def test_the_lecture_is_planned_as_documented():
    build = Builder("lecture")
    video = build.input("video", VIDEO)
    frames, shown = build.node(
        "find_slides", video, gives={"frames": IMAGE, "shown": JSON}, many=("frames",), max_items=64
    )
    texts = build.node("read_slide", frames, mapped=True, form="stateful")
    sound = build.node("soundtrack", video, gives=AUDIO)
    sounds, spoken = build.node(
        "find_speech", sound, gives={"sounds": AUDIO, "spoken": JSON}, many=("sounds",), form="stateful"
    )
    words = build.node("transcribe", sounds, mapped=True, form="stateful")
    story = build.node("timeline", shown, texts, spoken, words, gives=JSON)
    vectors = build.node(
        "embed", build.node("passages", story, many=True), mapped=True, form="stateful", batch=8, gives=VECTOR
    )
    plan = planned(build.graph(story, build.node("stack", vectors, gives=VECTOR)))
    assert outline(plan) == [
        "find-slides-to-read-slide: {[find_slides] [read_slide]/1}",
        "soundtrack-to-find-speech: [soundtrack] [find_speech]",
        "transcribe: [transcribe] @find_speech.sounds/1",
        "timeline-to-passages: [timeline passages]",
        "embed: [embed]*8 @passages.result/8",
        "stack: [stack]",
    ]
