"""Joins in pictures: a shape of their own, the keys on their lines, what may be missing, and nothing over anything."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from tests.front import branching
from tests.front.test_graph_layout import check

from headrace.graph.compose import compose
from headrace.graph.dot import dot
from headrace.graph.drawing import Box, Drawing
from headrace.graph.mermaid import mermaid
from headrace.graph.sketch import short, sketch
from headrace.graph.svg import svg
from headrace_dags.graph import Port, PortType

SVG = "{http://www.w3.org/2000/svg}"
DAGS = ("page", "pages", "same", "condition", "nested", "fields", "hasty", "numbers")


def drawn(name: str) -> Drawing:
    return sketch(getattr(branching, name).graph)


def box(drawing: Drawing, title: str) -> Box:
    return next(each for each in drawing.boxes if each.title == title)


def into(drawing: Drawing, head: str) -> list[tuple[str, str, str]]:
    return [(link.tail, link.label, link.weight) for link in drawing.links if link.head == f"node:{head}"]


def test_the_lines_into_a_switch_say_what_takes_them() -> None:
    drawing = drawn("page")
    assert box(drawing, "switch").kind == "join"
    assert into(drawing, "switch") == [
        ("node:kind", "on", "one"),
        ("node:read_bill", "bill", "one"),
        ("node:read_note", "note", "one"),
    ]


def test_a_value_that_several_keys_take_has_one_line() -> None:
    assert into(drawn("same"), "switch") == [
        ("node:kind", "on", "one"),
        ("node:upper", "bill, note", "one"),
        ("in:text", "otherwise", "one"),
    ]


def test_a_condition_is_on_or_true() -> None:
    assert into(drawn("condition"), "when") == [("node:is_long", "on", "one"), ("node:upper", "true", "one")]


def test_what_is_chosen_for_each_item_is_drawn_as_mapped() -> None:
    drawing = drawn("pages")
    assert box(drawing, "page_switch").subtitle == "switch · for each"
    assert {(label, weight) for _, label, weight in into(drawing, "page_switch")} == {
        ("on", "mapped"),
        ("bill", "mapped"),
        ("note", "mapped"),
    }


def test_joins_that_wait_say_for_what() -> None:
    drawing = drawn("hasty")
    assert [box(drawing, name).subtitle for name in ("first", "optional", "quorum")] == [
        "",
        "within 60 s",
        "1 of 2 · within 60 s",
    ]
    assert {label for _, label, _ in into(drawing, "first")} == {""}


def test_fields_and_tolerance_are_traits() -> None:
    assert {each.subtitle for each in drawn("fields").boxes} >= {".name", ".total"}
    assert box(drawn("numbers"), "number").subtitle == "map · tolerant 0.5 · class"


def test_what_may_be_missing_has_a_question_mark() -> None:
    assert [each.subtitle for each in drawn("hasty").boxes if each.kind == "output"] == ["Text", "Text?", "Many[Text?]"]
    assert box(drawn("page"), "result").subtitle == "(Bill | Note)?"
    assert box(drawn("pages"), "result").subtitle == "Many[(Bill | Note)?]"
    assert short(Port(name="x", type=PortType(kind="image", media="image/png"), optional=True)) == "PNG?"


def test_every_format_has_a_shape_for_joins() -> None:
    drawing = drawn("pages")
    root = ET.fromstring(svg(drawing))
    (join,) = (group for group in root.iter(f"{SVG}g") if group.get("class", "").startswith("box join"))
    (outline,) = join.findall(f"{SVG}polygon")
    assert len(outline.attrib["points"].split()) == 6
    assert not join.findall(f"{SVG}rect")
    assert '"node:page_switch" [label="page_switch\\nswitch · for each", shape=hexagon];' in dot(drawing)
    lines = mermaid(drawing).splitlines()
    (made,) = (line.strip() for line in lines if "page_switch" in line)
    name = made.partition("{{")[0]
    assert made == f'{name}{{{{"page_switch<br/>switch · for each"}}}}'
    assert any(line.endswith(f'==>|"bill, for each"| {name}') for line in lines)


def test_texts_fit_into_a_join() -> None:
    drawing = drawn("pages")
    rect, root = compose(drawing).boxes["node:page_switch"], ET.fromstring(svg(drawing))
    (outline,) = root.iter(f"{SVG}polygon")
    corners = [float(each.partition(",")[0]) for each in re.split(r"\s+", outline.attrib["points"])]
    straight = sorted(set(corners))[1:-1]
    assert straight[1] - straight[0] >= 8 * len("page_switch"), "the title lies between the pointed sides"
    assert (min(corners), max(corners)) == pytest.approx((rect.x, rect.x + rect.width), abs=0.1)


@pytest.mark.parametrize("name", DAGS)
@pytest.mark.parametrize("framed", [False, True])
def test_nothing_lies_over_anything(name: str, framed: bool) -> None:
    dag = getattr(branching, name)
    drawing = sketch(dag.graph, branching.planned(dag) if framed else None)
    check(drawing, compose(drawing))
