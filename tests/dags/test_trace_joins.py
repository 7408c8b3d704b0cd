"""Joins in a dag's body become nodes without a step: what feeds them, which keys take what, and what they give."""

from __future__ import annotations

from pathlib import Path

import branched
import pytest
from branched import Kind

import headrace as hr
from headrace_dags.graph import Graph, Join, Node, Use


def bindings(node: Node) -> dict[str, str]:
    return {each.port.name: str(each.binding) for each in node.inputs if isinstance(each.binding, Use)}


def only(graph: Graph, kind: str) -> Node:
    (found,) = (node for node in graph.nodes if node.join and node.join.kind == kind)
    return found


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def test_a_switch_has_a_key_for_each_value() -> None:
    graph = branched.sorted_out.graph
    assert names(graph) == ["kind_of", "upper", "lower", "risky", "switch"]
    node = only(graph, "switch")
    assert node.join == Join(kind="switch", keys=("red", "green", None), total=True)
    assert bindings(node) == {
        "on": "kind_of.result",
        "case1": "upper.result",
        "case2": "lower.result",
        "otherwise": "risky.result",
    }
    assert node.on == Use(node="kind_of", port="result")
    assert [node.choice(key) for key in ("red", "green", "blue")] == [0, 1, 2]
    assert [str(port) for port in node.outputs] == ["Text"]
    assert (node.step.form, node.step.target, node.mapped) == ("join", "", ())


def test_a_switch_with_a_case_for_each_member_is_total() -> None:
    @hr.dag
    def ended(text: hr.Text) -> hr.Text:
        begun = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper(text))
        return begun.case(Kind.GREEN, text).case(Kind.BLUE, text).end()

    node = only(ended.graph, "switch")
    assert node.join == Join(kind="switch", keys=("red", "green", "blue"), total=True)
    assert bindings(node)["case2"] == bindings(node)["case3"] == "text"
    assert not node.outputs[0].optional


def test_what_no_case_takes_is_nothing() -> None:
    @hr.dag
    def open_ended(text: hr.Text) -> hr.Text | None:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper(text)).otherwise(None)

    node = only(open_ended.graph, "switch")
    assert node.join == Join(kind="switch", keys=("red",), total=False)
    assert node.outputs[0].optional
    assert node.choice("green") == -1


def test_nothing_for_no_other_member_leaves_a_switch_total() -> None:
    @hr.dag
    def covered(text: hr.Text) -> hr.Text:
        begun = hr.switch(branched.kind_of(text)).case(Kind.RED, text).case(Kind.GREEN, text)
        return begun.case(Kind.BLUE, branched.upper(text)).otherwise(None)

    assert not only(covered.graph, "switch").outputs[0].optional


def test_a_switch_may_be_written_in_parts_and_continued_twice() -> None:
    @hr.dag
    def twice(text: hr.Text) -> hr.Text:
        begun = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper(text))
        return branched.cat(begun.otherwise(text), begun.case(Kind.GREEN, text).otherwise(branched.lower(text)))

    joins = [node for node in twice.graph.nodes if node.join]
    assert [node.name for node in joins] == ["switch", "switch_2"]
    assert [node.join.keys for node in joins if node.join] == [("red", None), ("red", "green", None)]


def test_when_takes_true() -> None:
    @hr.dag
    def perhaps(text: hr.Text) -> hr.Text | None:
        return hr.when(branched.is_long(text), branched.upper(text))

    node = only(perhaps.graph, "when")
    assert node.join == Join(kind="when", keys=("true",))
    assert bindings(node) == {"on": "is_long.result", "value": "upper.result"}
    assert str(node.outputs[0]) == "Text | None"


def test_joins_that_wait_say_for_how_much_and_how_long() -> None:
    @hr.dag
    def waits(text: hr.Text) -> hr.Text:
        soon = hr.optional(branched.risky(text), within="1500ms")
        one = hr.first(branched.risky(text), branched.upper(text), branched.lower(text))
        some = hr.quorum(2, branched.risky(text), one, text, within="2m")
        return branched.cat(branched.say(soon), branched.some_of(some))

    graph = waits.graph
    optional, first, quorum = (only(graph, kind) for kind in ("optional", "first", "quorum"))
    assert optional.join == Join(kind="optional", within_s=1.5)
    assert list(bindings(optional)) == ["value"]
    assert str(optional.outputs[0]) == "Text | None"
    assert first.join == Join(kind="first")
    assert list(bindings(first).values()) == ["risky_2.result", "upper.result", "lower.result"]
    assert str(first.outputs[0]) == "Text"
    assert quorum.join == Join(kind="quorum", need=2, within_s=120)
    assert bindings(quorum) == {"value1": "risky_3.result", "value2": "first.result", "value3": "text"}
    assert str(quorum.outputs[0]) == "Many[Text | None]"


def test_the_first_of_values_that_may_be_missing_may_be_missing() -> None:
    @hr.dag
    def of_two(text: hr.Text) -> hr.Text | None:
        return hr.first(hr.when(branched.is_long(text), text), branched.upper(text))

    assert str(only(of_two.graph, "first").outputs[0]) == "Text | None"


def test_many_values_are_chosen_whole() -> None:
    @hr.dag
    def which(text: hr.Text) -> hr.Many[hr.Text]:
        found = branched.words(text)
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.upper.map(found)).otherwise(found)

    node = only(which.graph, "switch")
    assert str(node.outputs[0]) == "Many[Text]"
    assert node.mapped == ()


def test_branches_of_several_json_types_give_their_union() -> None:
    @hr.dag
    def paper(text: hr.Text) -> branched.Note | branched.Bill:
        return hr.switch(branched.kind_of(text)).case(Kind.RED, branched.bill(text)).otherwise(branched.note(text))

    (port,) = only(paper.graph, "switch").outputs
    assert port.type.python == "branched:Bill | branched:Note"
    assert [each.python for each in port.type.members] == ["branched:Bill", "branched:Note"]
    assert paper("r") == branched.Bill(total=1)

    @hr.dag
    def given_on(text: hr.Text) -> hr.Text:
        return branched.told(paper(text))

    assert [given_on(text) for text in ("r", "g")] == ["Bill", "Note"]


def test_branches_of_several_media_give_what_they_have_in_common() -> None:
    @hr.dag
    def picture(text: hr.Text, jpeg: hr.Jpeg, png: hr.Png, video: hr.Video) -> hr.Text:
        kind = branched.kind_of(text)
        image = hr.switch(kind).case(Kind.RED, jpeg).otherwise(png)
        any_file = hr.switch(kind).case(Kind.RED, image).otherwise(video)
        return cost(image, any_file)

    found = [str(node.outputs[0].type) for node in picture.graph.nodes if node.join]
    assert found == ["Image (image/*)", "File (*/*)"]


@hr.step
def cost(image: hr.ImageFile, file: hr.Blob) -> hr.Text:
    return f"{image} {file}"


def test_joins_stand_at_the_lines_that_end_them() -> None:
    lines = Path(branched.__file__).read_text().splitlines()
    assert "hr.switch(" in lines[branched.sorted_out.graph.sources["switch"].line - 1]


def test_joins_in_dags_that_are_called_bear_their_names() -> None:
    @hr.dag
    def outer(text: hr.Text) -> hr.Text:
        return branched.sorted_out(branched.sorted_out(text))

    assert [node.name for node in outer.graph.nodes if node.join] == ["sorted_out_switch", "sorted_out_2_switch"]


def test_what_decides_comes_before_what_it_decides_about() -> None:
    @hr.dag
    def late(text: hr.Text) -> hr.Text:
        value = branched.upper(branched.lower(text))
        return hr.switch(branched.kind_of(text)).case(Kind.RED, value).otherwise(text)

    assert names(late.graph) == ["kind_of", "lower", "upper", "switch"]


def test_what_all_branches_need_keeps_its_place() -> None:
    @hr.dag
    def shared(text: hr.Text) -> hr.Text:
        value = branched.upper(text)
        return hr.switch(branched.kind_of(text)).case(Kind.RED, value).otherwise(branched.lower(value))

    assert names(shared.graph) == ["upper", "kind_of", "lower", "switch"]


def test_a_graph_with_joins_survives_its_json() -> None:
    graph = branched.every.graph
    again = Graph.model_validate_json(graph.model_dump_json())
    assert again == graph
    assert again.digest == graph.digest


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_a_tolerant_map_says_its_share_and_gives_what_may_be_missing(share: float) -> None:
    @hr.dag
    def tolerates(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text | None]:
        return branched.risky.tolerant(min_success=share).map(texts)

    (node,) = tolerates.graph.nodes
    assert (node.tolerant, str(node.outputs[0])) == (share, "Many[Text | None]")


def test_a_use_keeps_what_was_said_of_it_before() -> None:
    careful = branched.risky.with_(timeout="2s", name="careful").tolerant(min_success=0.5).with_(isolate=True)

    @hr.dag
    def keeps(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text | None]:
        return careful.with_(timeout="3s").map(texts)

    (node,) = keeps.graph.nodes
    assert (node.name, node.tolerant) == ("careful", 0.5)
    assert (node.options.timeout_s, node.options.isolate) == (3, True)
    assert branched.risky.use is None


def test_a_use_of_a_class_step_keeps_what_was_said_of_it_before() -> None:
    keep = branched.Keep(mark="m").with_(timeout="2s").tolerant(min_success=0.5)

    @hr.dag
    def keeps(texts: hr.Many[hr.Text]) -> hr.Many[hr.Text | None]:
        return keep.with_(name="kept").map(texts)  # type: ignore[attr-defined]

    (node,) = keeps.graph.nodes
    assert (node.name, node.tolerant, node.options.timeout_s, node.step.config) == ("kept", 0.5, 2, {"mark": "m"})


def test_a_node_has_the_name_it_is_given() -> None:
    @hr.dag
    def inner(text: hr.Text) -> hr.Text:
        return branched.upper.with_(name="loud")(branched.upper(text))

    @hr.dag
    def named(text: hr.Text) -> hr.Text:
        return branched.cat.with_(name="both")(inner(text), inner(branched.upper.with_(name="inner")(text)))

    assert names(named.graph) == [
        "inner_upper", "inner_loud", "inner_2", "inner_3_upper", "inner_3_loud", "both",
    ]  # fmt: skip


def test_a_collected_value_leaves_as_a_whole() -> None:
    @hr.dag
    def whole(text: hr.Text) -> hr.Many[hr.Text]:
        return hr.collect(branched.words(text))

    @hr.dag
    def stream(text: hr.Text) -> hr.Many[hr.Text]:
        return branched.words(text)

    assert names(whole.graph) == names(stream.graph)
    assert whole("a b") == ["a", "b"]
