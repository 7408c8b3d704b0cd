"""What the three formats say of a graph."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.front.recorded import graph, plan

from headrace.graph.dot import dot
from headrace.graph.drawing import Box, Drawing, Link, Note
from headrace.graph.mermaid import mermaid
from headrace.graph.sketch import sketch
from headrace.graph.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("x")</script> & #1'


def texts(picture: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(picture).iter(f"{SVG}text")]


def test_the_svg_names_every_port_node_and_segment() -> None:
    shown = texts(svg(sketch(graph(), plan())))
    assert {"video", "frames", "sound", "read", "join", "story", "index", "slides"} <= set(shown)
    assert {"map · class · batch 8", "yields", "Many[Text]", "Audio", "Story"} <= set(shown)


def test_mapped_and_many_are_drawn_unlike_single() -> None:
    root = ET.fromstring(svg(sketch(graph())))
    strokes = [element.get("class") for element in root.iter(f"{SVG}path") if "link" in element.get("class", "")]
    assert strokes.count("link mapped") == strokes.count("link core") == 1
    assert strokes.count("link many") == 2
    assert strokes.count("link one") == 6


def test_a_run_marks_what_failed_and_what_never_began() -> None:
    notes = {"read": Note(tone="bad"), "segment:read": Note("2.1 s", "bad"), "join": Note(tone="idle")}
    picture = svg(sketch(graph(), plan(), notes))
    assert 'class="box node bad"' in picture
    assert 'class="box node idle"' in picture
    assert 'class="group bad"' in picture
    assert "read2.1 s" in texts(picture)


def test_the_svg_needs_nothing_from_outside() -> None:
    picture = svg(sketch(graph(), plan()))
    assert "url(#tip-one)" in picture
    assert picture.count("http") == 1, "only the name space is a URL"


def test_texts_are_escaped() -> None:
    drawing = Drawing(HOSTILE, (Box("a", "node", HOSTILE), Box("b", "node", "b")), (Link("a", "b", HOSTILE),))
    assert "<script" not in svg(drawing)
    assert "<script" not in mermaid(drawing)
    assert 'digraph "<script>alert(\\"x\\")</script> & #1" {' in dot(drawing)


def test_mermaid() -> None:
    lines = mermaid(sketch(graph(), plan())).splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n0(["video<br/>Video"])' in lines
    assert '  subgraph g2["read"]' in lines
    assert '  n1 ==>|"each of Many[Image]"| n3' in lines
    assert lines.count("  end") == 4


def test_dot() -> None:
    text = dot(sketch(graph(), plan()))
    assert text.startswith('digraph "lecture" {\n')
    assert '  "node:frames" -> "node:read" [label="Many[Image]", color="black:invis:black"];\n' in text
    assert '  subgraph cluster_0 { label="frames"; "node:frames"; }\n' in text
    assert text.endswith("}\n")
