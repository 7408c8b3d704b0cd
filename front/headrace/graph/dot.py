"""A drawing in DOT, for those who have Graphviz or a tool that reads it."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.graph.drawing import Box, BoxKind, Drawing, Link, Weight

_STYLES: dict[BoxKind, str] = {
    "input": 'style="rounded,dashed"',
    "node": 'style="rounded"',
    "join": "shape=hexagon",
    "output": 'style="rounded,dashed"',
}
_STROKES: dict[Weight, str] = {"one": "", "many": "penwidth=2", "mapped": 'color="black:invis:black"'}


def dot(drawing: Drawing) -> str:
    """The digraph's text; it ends with a newline."""
    return "\n".join([f"digraph {_quoted(drawing.title)} {{", *_lines(drawing), "}"]) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    yield "  node [shape=box, fontname=Helvetica, fontsize=11]; edge [fontname=Helvetica, fontsize=9];"
    yield from (f"  {_box(box)}" for box in drawing.boxes)
    for index, group in enumerate(drawing.groups):
        boxes = " ".join(f"{_quoted(box)};" for box in group.boxes)
        yield f"  subgraph cluster_{index} {{ label={_quoted(group.title)}; {boxes} }}"
    yield from (f"  {_link(link)}" for link in drawing.links)


def _box(box: Box) -> str:
    return f"{_quoted(box.id)} [label={_quoted(box.title, box.subtitle)}, {_STYLES[box.kind]}];"


def _link(link: Link) -> str:
    attributes = [f"label={_quoted(link.label)}"] if link.label else []
    attributes += [_STROKES[link.weight]] if _STROKES[link.weight] else []
    suffix = f" [{', '.join(attributes)}]" if attributes else ""
    return f"{_quoted(link.tail)} -> {_quoted(link.head)}{suffix};"


def _quoted(*lines: str) -> str:
    """A quoted DOT string of several lines."""
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines if line]
    return '"' + "\\n".join(escaped) + '"'
