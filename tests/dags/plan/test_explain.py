"""A plan as text: what a person reads when asking why."""

from __future__ import annotations

import re

import choosing
from building import IMAGE, JSON, VECTOR, VIDEO, Builder
from outlines import planned

from headrace_dags.graph import Batching, Resources, SecretRef
from headrace_dags.plan.explain import explain

EXPECTED = """\
talk on local: 5 nodes in 4 segments, 4 hops

SEGMENT        SLICE  FED                         MODEL          NODES, IN ORDER  BATCHES
frames         none   once a run                  frames         frames           -
read-slide     none   frames.result, 8 at a time  read-slide     read_slide       up to 8 across runs
rank           none   frames.result, 4 at a time  rank           rank             up to 4 within a call
index-to-tidy  none   once a run                  index-to-tidy  index tidy       -

VALUE              TYPE                             TRAVELS AS
video              Video (video/*)                  handle
frames.result      Many[Image (uint8 h w c)]        png
read_slide.result  Many[Text]                       text
query              Text                             text
rank.result        Many[Embedding (float32 d=384)]  tensor
tidy.result        int                              json

BETWEEN               CUT  RULE          BECAUSE
frames -> read_slide  hop  mapped-model  read_slide is batched: the items of frames feed it in chunks
frames -> rank        hop  mapped-model  rank is batched: the items of frames feed it in chunks
read_slide -> index   hop  fan-in-many   index takes all items at once, read_slide gives them in chunks
rank -> index         hop  fan-in-many   index takes all items at once, rank gives them in chunks

Note: rank is batched within a call, not across runs: query may differ from run to run.
"""


def test_a_plan_is_explained():
    build = Builder("talk")
    video, query = build.input("video", VIDEO), build.input("query")
    frames = build.node("frames", video, gives=IMAGE, many=True)
    slides = build.node("read_slide", frames, mapped=True, batch=8)
    ranks = build.node("rank", frames, query, mapped=True, batch=4, gives=VECTOR)
    index = build.node("index", slides, ranks, gives=JSON)
    text = explain(planned(build.graph(build.node("tidy", index, gives=JSON))))
    assert text == EXPECTED


def test_a_plan_without_cuts_says_so():
    build = Builder()
    text = explain(planned(build.graph(build.node("b", build.node("a", build.input())))))
    assert text.startswith("dag on local: 2 nodes in 1 segment, 0 hops\n")
    assert "Nothing is cut: everything runs in one process." in text


def test_a_plan_without_nodes_says_so():
    build = Builder()
    text = explain(planned(build.graph(build.input())))
    assert "There is nothing to run: every output is one of the inputs." in text


def test_models_of_one_segment_stand_below_it():
    build = Builder()
    a = build.node("a", build.input(), form="stateful")
    text = explain(planned(build.graph(build.node("b", a, form="stateful"))))
    assert "a-to-b   none   once a run  a      a                -\n                            b      b" in text
    assert "a -> b   model  own-model  b is a class step: slow enough to overlap with its neighbours" in text


def test_a_gpu_on_this_machine_is_noted():
    build = Builder()
    see = build.node("see", build.input(), form="stateful", resources=Resources(device="gpu"))
    text = explain(planned(build.graph(see)))
    assert text.endswith("Note: see asks for a GPU: on this machine it runs wherever its steps put it.\n")


def test_a_wait_for_more_is_shown():
    build = Builder()
    graph = build.graph(build.node("read", build.input(), batch=8))
    waiting = graph.nodes[0].step.model_copy(update={"batching": Batching(size=8, wait_us=2500)})
    node = graph.nodes[0].model_copy(update={"step": waiting})
    text = explain(planned(graph.model_copy(update={"nodes": (node,)})))
    assert "up to 8 across runs, waits 2.5 ms" in text


def rows(text: str, head: str) -> list[tuple[str, ...]]:
    """The cells of the table whose first column is ``head``."""
    block = next(block for block in text.split("\n\n") if block.startswith(head))
    return [tuple(re.split(r"  +", line)) for line in block.splitlines()]


def test_joins_say_what_they_decide_by_and_when_they_are_needed():
    text = explain(planned(choosing.nested.graph))
    assert rows(text, "JOIN") == [
        ("JOIN", "KIND", "DECIDES BY", "CHOICES", "NEEDED"),
        ("when", "when", "is_long.result", "true: upper.result, otherwise: nothing", "where switch takes a"),
        ("switch", "switch", "kind.result", "a: when.result, b: lower.result, c: lower.result", "always"),
    ]
    assert {row[0]: row[2] for row in rows(text, "SEGMENT")[1:]} == {
        "kind": "once a run",
        "is-long": "once a run; where switch takes a",
        "upper": "once a run; where switch takes a and when takes true",
        "lower": "once a run; where switch takes b or c",
    }
    assert ("switch.result", "Text | None", "text") in rows(text, "VALUE"), "also where no segment takes it"


def test_a_join_says_what_it_gives_otherwise():
    ((_, *_, choices, _),) = rows(explain(planned(choosing.otherwise.graph)), "JOIN")[1:]
    assert choices == "a: upper.result, otherwise: text"


def test_joins_that_choose_for_each_item_say_so():
    text = explain(planned(choosing.each.graph))
    (join,) = rows(text, "JOIN")[1:]
    assert join[2] == "otherwise_kind.result, for each item"
    fed = {row[0]: row[2] for row in rows(text, "SEGMENT")[1:]}
    assert fed["otherwise-upper"] == "texts, 1 at a time; where otherwise_switch takes a"


def test_joins_that_wait_say_for_what():
    text = explain(planned(choosing.patient.graph))
    assert [row[2:] for row in rows(text, "JOIN")[1:]] == [
        ("what is there first", "upper.result, lower.result", "always"),
        ("whether it is there within 0.3 s", "first.result", "always"),
        ("the first 1 that are there within 2 s", "upper.result, lower.result", "always"),
    ]
    types = {row[0]: row[1] for row in rows(text, "VALUE")[1:]}
    assert (types["optional.result"], types["quorum.result"]) == ("Text | None", "Many[Text | None]")


def test_a_plan_without_joins_has_no_table_of_them():
    build = Builder()
    assert "JOIN" not in explain(planned(build.graph(build.node("a", build.input()))))


def test_what_is_cached_says_so_and_that_secrets_do_not_count():
    build = Builder()
    ask = build.node("ask", build.node("read", build.input(), many=True), mapped=True, cache=True)
    step = build.nodes[1].step.model_copy(update={"secrets": {"key": SecretRef(secret="ASK_KEY")}})
    build.nodes[1] = build.nodes[1].model_copy(update={"step": step})
    text = explain(planned(build.graph(ask)))
    assert "ask      none   read.result, 16 at a time, cached  ask" in text
    assert "Note: ask is cached and reads ASK_KEY: with another value of that it gives what it gave before." in text
