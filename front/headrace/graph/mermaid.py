"""A drawing as a Mermaid flowchart, which forges and notebooks render."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.graph.drawing import Box, BoxKind, Drawing, Link, Weight

_SHAPES: dict[BoxKind, tuple[str, str]] = {
    "input": ("([", "])"),
    "node": ("(", ")"),
    "join": ("{{", "}}"),
    "output": ("([", "])"),
}
_ARROWS: dict[Weight, str] = {"one": "-->", "many": "==>", "mapped": "==>"}


def mermaid(drawing: Drawing) -> str:
    """The flowchart's text; it ends with a newline."""
    return "\n".join(["flowchart TD", *_lines(drawing)]) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    ids = {box.id: f"n{index}" for index, box in enumerate(drawing.boxes)}
    by_id = {box.id: box for box in drawing.boxes}
    grouped = {box for group in drawing.groups for box in group.boxes}
    yield from (f"  {_box(box, ids)}" for box in drawing.boxes if box.id not in grouped)
    for index, group in enumerate(drawing.groups):
        yield f"  subgraph g{index}[{_quoted(group.title)}]"
        yield from (f"    {_box(by_id[box], ids)}" for box in group.boxes)
        yield "  end"
    yield from (f"  {_link(link, ids, by_id)}" for link in drawing.links)


def _box(box: Box, ids: dict[str, str]) -> str:
    before, after = _SHAPES[box.kind]
    return f"{ids[box.id]}{before}{_quoted(box.title, box.subtitle)}{after}"


def _link(link: Link, ids: dict[str, str], boxes: dict[str, Box]) -> str:
    text = link.label
    if text and link.weight == "mapped":
        text = f"{text}, for each" if boxes[link.head].kind == "join" else f"each of {text}"
    label = f"|{_quoted(text)}|" if text else ""
    return f"{ids[link.tail]} {_ARROWS[link.weight]}{label} {ids[link.head]}"


def _quoted(*lines: str) -> str:
    """Lines of a label; what Mermaid would read as syntax or HTML is written as an entity."""
    text = "\n".join(line for line in lines if line)
    for sign, entity in (("#", "#35;"), ("&", "#amp;"), ("<", "#lt;"), (">", "#gt;"), ('"', "#quot;")):
        text = text.replace(sign, entity)
    return '"' + text.replace("\n", "<br/>") + '"'
