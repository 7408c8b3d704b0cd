"""Dags that are mapped become mapped nodes of one graph; fields of models become nodes that read them."""

from __future__ import annotations

import branched
from branched import Bill, Kind, Note
from pydantic import BaseModel

import headrace as hr
from headrace_dags.axes import Axes
from headrace_dags.graph import Graph, Node, Use


class Folder(BaseModel):
    cover: Note
    bill: Bill


def mapped(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {node.name: node.mapped for node in graph.nodes}


def bindings(node: Node) -> dict[str, str]:
    return {each.port.name: str(each.binding) for each in node.inputs if isinstance(each.binding, Use)}


def test_each_node_of_a_mapped_dag_is_mapped() -> None:
    graph = branched.every.graph
    assert mapped(graph) == {
        "each_kind_of": ("text",),
        "each_shout": ("texts",),
        "each_lower": ("text",),
        "each_is_long": ("text",),
        "each_upper": ("text",),
        "each_when": ("on", "value"),
        "each_say": ("text",),
        "each_switch": ("on", "case1", "case2", "otherwise"),
        "all_of": (),
    }
    assert bindings(graph.by_name["each_shout"]) == {"texts": "texts"}
    assert [str(port) for port in graph.by_name["each_when"].outputs] == ["Many[Text | None]"]
    assert [str(each.port) for each in graph.by_name["each_say"].inputs] == ["Text | None"]
    assert [str(port) for port in graph.by_name["each_switch"].outputs] == ["Many[Text]"]


def test_all_of_it_lies_on_the_axis_that_is_mapped() -> None:
    axes = Axes(branched.every.graph)
    assert {axes.of_node(node) for node in branched.every.graph.nodes if node.mapped} == {Use(node="", port="texts")}


def test_a_call_without_anything_of_an_item_runs_once() -> None:
    graph = branched.besides.graph
    assert mapped(graph) == {
        "lower": ("text",),
        "all_of": (),
        "beside_kind_of": ("text",),
        "beside_upper": (),
        "beside_cat": ("a",),
        "beside_switch": ("on", "otherwise"),
        "all_of_2": (),
    }
    assert bindings(graph.by_name["beside_cat"]) == {"a": "texts", "b": "beside_upper.result"}


def test_a_zipped_dag_takes_items_of_each_in_lockstep() -> None:
    graph = branched.paired.graph
    assert mapped(graph) == {
        "both_kind_of": ("text",),
        "both_upper": ("text",),
        "both_cat": ("a", "b"),
        "both_switch": ("on", "case1", "otherwise"),
        "all_of": (),
    }
    assert bindings(graph.by_name["both_cat"]) == {"a": "ones", "b": "others"}


def test_a_dag_that_a_mapped_one_calls_is_mapped_too() -> None:
    @hr.dag
    def inner(text: hr.Text, other: hr.Text) -> hr.Text:
        return branched.cat(branched.sorted_out(text), branched.upper(other))

    @hr.dag
    def outer(texts: hr.Many[hr.Text], other: hr.Text) -> hr.Text:
        return branched.all_of(inner.map(texts, other))

    graph = outer.graph
    assert mapped(graph)["inner_sorted_out_switch"] == ("on", "case1", "case2", "otherwise")
    assert mapped(graph)["inner_upper"] == ()
    assert mapped(graph)["inner_cat"] == ("a",)
    assert list(mapped(graph))[:2] == ["inner_sorted_out_kind_of", "inner_sorted_out_upper"]


def test_what_a_mapped_dag_gives_is_mapped_further() -> None:
    @hr.dag
    def chained(text: hr.Text) -> hr.Text:
        found = branched.sorted_out.map(branched.upper.map(branched.words(text)))
        return branched.all_of(branched.cat.zip(found, branched.each.map(found)))

    axes = Axes(chained.graph)
    assert {axes.of_node(node) for node in chained.graph.nodes if node.mapped} == {Use(node="words", port="result")}
    assert chained("gA bBc") == "(GA)/<(GA)>+(BBC)/<(BBC)>"


def test_several_outputs_inside_a_mapped_dag_are_taken_one_by_one() -> None:
    @hr.dag
    def measured(text: hr.Text) -> hr.Text:
        left, right = branched.sides(text)
        return branched.repeat(left, right)

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.all_of(measured.map(texts))

    node = outer.graph.by_name["measured_sides"]
    assert [(port.name, str(port)) for port in node.outputs] == [("left", "Many[Text]"), ("right", "Many[int]")]
    assert bindings(outer.graph.by_name["measured_repeat"]) == {
        "text": "measured_sides.left",
        "times": "measured_sides.right",
    }
    assert outer(["ab", "c"]) == "abab+c"


def test_a_mapped_dag_is_used_twice_under_two_names() -> None:
    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.cat(
            branched.all_of(branched.sorted_out.map(texts)), branched.all_of(branched.sorted_out.map(texts))
        )

    assert {"sorted_out_switch", "sorted_out_2_switch"} <= set(outer.graph.by_name)


def test_constants_and_defaults_of_a_mapped_dag_stay_what_they_are() -> None:
    @hr.dag
    def inner(text: hr.Text, times: int = 2, loud: bool = False) -> hr.Text:
        for _ in range(times):
            text = branched.upper(text) if loud else branched.lower(text)
        return text

    @hr.dag
    def outer(texts: hr.Many[hr.Text]) -> hr.Text:
        return branched.cat(branched.all_of(inner.map(texts)), branched.all_of(inner.map(texts, 1, loud=True)))

    steps = [node.step.target.partition(":")[2] for node in outer.graph.nodes]
    assert (steps.count("lower"), steps.count("upper")) == (2, 1)


def test_a_field_is_a_node_that_reads_it() -> None:
    graph = branched.headed.graph
    title, remark = graph.by_name["paper_title"], graph.by_name["paper_remark"]
    assert (title.step.form, title.step.target, title.step.config) == ("field", "branched:Note", {"field": "title"})
    assert bindings(title) == {"value": "paper"}
    assert [str(node.outputs[0]) for node in (title, remark)] == ["Text", "Text | None"]
    assert branched.headed(Note(title="a", remark="b")) == "a/<b>"
    assert branched.headed(Note(title="a")) == "a/<None>"


def test_a_field_that_is_read_again_is_the_same_node() -> None:
    @hr.dag
    def again(text: hr.Text) -> hr.Text:
        found = branched.note(text)
        return branched.cat(branched.repeat(found.title, found.size), found.title)

    assert list(mapped(again.graph)) == ["note", "note_title", "note_size", "repeat", "cat"]
    assert again("ab") == "abab/ab"


def test_fields_of_items_are_read_item_by_item() -> None:
    assert mapped(branched.headings.graph) == {
        "papers_title": ("value",),
        "papers_remark": ("value",),
        "headed_say": ("text",),
        "headed_cat": ("a", "b"),
        "all_of": (),
    }
    assert branched.headings([Note(title="a"), Note(title="b", remark="c")]) == "a/<None>+b/<c>"


def test_two_maps_read_one_field_once() -> None:
    @hr.dag
    def titled(paper: Note) -> hr.Text:
        return branched.upper(paper.title)

    @hr.dag
    def twice(papers: hr.Many[Note]) -> hr.Text:
        return branched.cat(branched.all_of(titled.map(papers)), branched.headings(papers))

    assert [name for name in twice.graph.by_name if "title" in name] == ["papers_title", "titled_upper"]
    assert twice([Note(title="a")]) == "A/a/<None>"


def test_the_fields_of_a_branch_are_read_there() -> None:
    @hr.dag
    def chosen(text: hr.Text) -> hr.Text:
        paper = hr.switch(branched.kind_of(text)).case(Kind.RED, branched.note(text)).otherwise(branched.note(text))
        return branched.repeat(paper.title, paper.size)

    assert chosen("rx") == "rxrx"
    assert "switch_title" in chosen.graph.by_name


def test_a_field_may_be_a_model_whose_fields_are_read() -> None:
    @hr.dag
    def deep(folder: Folder) -> hr.Text:
        return branched.repeat(folder.cover.title, folder.cover.size)

    assert list(mapped(deep.graph)) == ["folder_cover", "folder_cover_title", "folder_cover_size", "repeat"]
    assert deep(Folder(cover=Note(title="ab", size=2), bill=Bill(total=1))) == "abab"


def test_a_dag_that_is_read_again_by_json_has_the_same_nodes() -> None:
    for each in (branched.every, branched.besides, branched.paired, branched.headings):
        assert type(each.graph).model_validate_json(each.graph.model_dump_json()) == each.graph
