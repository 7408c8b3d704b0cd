"""What leaves as a stream ends its segment: what is served with it, and what is not."""

from __future__ import annotations

from building import Builder
from outlines import cuts, outline, planned

from headrace_dags.graph import Resources


def test_functions_before_a_stream_run_with_it():
    build = Builder()
    a, b = build.node("a", build.input()), build.node("b", build.input("y"))
    plan = planned(build.graph(build.node("talk", a, b, many=True), streams=True))
    assert outline(plan) == ["a-to-talk: [a b talk]"]
    assert plan.segments[0].stream
    assert cuts(plan) == []


def test_what_is_collected_is_no_stream():
    build = Builder()
    plan = planned(build.graph(build.node("talk", build.node("a", build.input()), many=True)))
    assert outline(plan) == ["a-to-talk: [a talk]"]
    assert plan.segments[0].stream is None


def test_others_take_the_items_over_a_hop():
    build = Builder()
    talk = build.node("talk", build.input(), many=True, max_items=3)
    plan = planned(build.graph(talk, build.node("sum", talk), build.node("each", talk, mapped=True), streams=True))
    assert outline(plan) == ["talk: [talk]", "sum: [sum]", "each: [each] @talk.result/16"]
    assert cuts(plan) == ["talk>>sum stream", "talk>>each stream"]
    assert plan.reasons[0].text == (
        "the items of talk leave one by one: its model is called by stream and gives nothing else"
    )


def test_what_others_need_too_is_not_made_with_a_stream():
    build = Builder()
    a = build.node("a", build.input())
    b = build.node("b", a)
    plan = planned(build.graph(build.node("talk", b, many=True), build.node("c", a), streams=True))
    assert outline(plan) == ["a-to-c: [a c]", "b-to-talk: [b talk]"]
    assert cuts(plan) == ["a>>b stream"]


def test_two_streams_are_two_segments():
    build = Builder()
    a = build.node("a", build.input())
    plan = planned(build.graph(build.node("one", a, many=True), build.node("two", a, many=True), streams=True))
    assert outline(plan) == ["a: [a]", "one: [one]", "two: [two]"]
    assert cuts(plan) == ["a>>one stream", "a>>two stream"]


def test_a_model_before_a_stream_is_apart():
    build = Builder()
    model = build.node("model", build.input(), form="stateful")
    large = build.node("large", model, resources=Resources(memory_bytes=1 << 30))
    plan = planned(build.graph(build.node("talk", large, many=True), streams=True))
    assert outline(plan) == ["model: [model]", "large: [large]", "talk: [talk]"]
    assert cuts(plan) == ["model>>large stream", "large>>talk stream"]


def test_how_long_a_stream_may_be_silent_is_no_matter_of_its_server():
    def digest(idle_s: float | None) -> str:
        build = Builder()
        talk = build.node("talk", build.input(), many=True, idle_s=idle_s)
        (segment,) = planned(build.graph(talk, streams=True)).segments
        assert segment.stream
        assert segment.stream.idle_s == (idle_s or 30.0)
        return segment.digest

    build = Builder()
    (whole,) = planned(build.graph(build.node("talk", build.input(), many=True))).segments
    assert digest(None) == digest(5.0)
    assert digest(None) != whole.digest
