"""A drawing as SVG: rounded boxes, soft lines, light and dark. Every text is escaped by the XML writer."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from headrace.graph.compose import LONGEST_LABEL, LONGEST_TITLE, Layout, compose
from headrace.graph.curve import curve, number
from headrace.graph.drawing import Box, Drawing, Group, Link
from headrace.graph.shapes import Rect, Route
from headrace.graph.style import STYLE
from headrace.graph.text import width_px
from headrace.terminal import clipped

_MARGIN_PX = 16.0


def svg(drawing: Drawing) -> str:
    """The picture's text; it ends with a newline and stands by itself."""
    return ET.tostring(picture(drawing), encoding="unicode") + "\n"


def picture(drawing: Drawing) -> ET.Element:
    """The picture as an element, for a page around it."""
    layout = compose(drawing)
    width, height = layout.width + 2 * _MARGIN_PX, layout.height + 2 * _MARGIN_PX
    box = f"{number(-_MARGIN_PX)} {number(-_MARGIN_PX)} {number(width)} {number(height)}"
    size = {"viewBox": box, "width": number(width), "height": number(height)}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "headrace-graph", "role": "img", **size})
    ET.SubElement(root, "title").text = drawing.title
    ET.SubElement(root, "style").text = STYLE
    _arrow(root)
    canvas = Rect(-_MARGIN_PX, -_MARGIN_PX, width, height)
    _rect(root, canvas, 0, "canvas")
    for group in drawing.groups:
        _rect(root, layout.groups[group.id], 12, f"group {group.tone}")
    _links(root, drawing, layout)
    for group in drawing.groups:
        _title(root, group, layout.groups[group.id])
    for each in drawing.boxes:
        _box(root, each, layout.boxes[each.id])
    return root


def _arrow(root: ET.Element) -> None:
    defs = ET.SubElement(root, "defs")
    for weight in ("one", "many", "mapped"):
        place = {"viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "8", "markerHeight": "8"}
        units = {"orient": "auto", "markerUnits": "userSpaceOnUse", "class": f"tip {weight}"}
        marker = ET.SubElement(defs, "marker", {"id": f"tip-{weight}", **place, **units})
        ET.SubElement(marker, "path", {"d": "M0 0.5 L8 4 L0 7.5 z"})


def _title(root: ET.Element, group: Group, rect: Rect) -> None:
    """Written after the lines, on a plate that covers them."""
    width = width_px(f"{group.title}  {group.note}".rstrip(), 11, bold=True)
    _rect(root, Rect(rect.x + 10, rect.y + 6, width + 8, 17), 5, "plate")
    text = _text(root, group.title, rect.x + 14, rect.y + 18, "group-title")
    if group.note:
        ET.SubElement(text, "tspan", {"class": "note", "dx": "8"}).text = group.note


def _links(root: ET.Element, drawing: Drawing, layout: Layout) -> None:
    """All lines first, then all labels, so that no line runs over a label."""
    for index, link in enumerate(drawing.links):
        _line(root, link, layout.routes[index])
    for index, link in enumerate(drawing.links):
        if link.label:
            x, y = layout.labels[index]
            inside = any({link.tail, link.head} <= set(group.boxes) for group in drawing.groups)
            _text(root, clipped(link.label, LONGEST_LABEL), x, y + 3.5, "label inside" if inside else "label")


def _line(root: ET.Element, link: Link, route: Route) -> None:
    path, tip = curve(route), f"url(#tip-{link.weight})"
    strokes = ("mapped", "core") if link.weight == "mapped" else (link.weight,)
    for stroke in strokes:
        ending = {"marker-end": tip} if stroke == strokes[-1] else {}
        ET.SubElement(root, "path", {"d": path, "class": f"link {stroke}", **ending})


def _box(root: ET.Element, box: Box, rect: Rect) -> None:
    group = ET.SubElement(root, "g", {"class": f"box {box.kind} {box.tone}"})
    if box.hint:
        ET.SubElement(group, "title").text = box.hint
    if box.kind == "join":
        _hexagon(group, rect, "shape")
    else:
        _rect(group, rect, 9 if box.kind == "node" else rect.height / 2, "shape")
    middle = rect.y + rect.height / 2
    _text(group, clipped(box.title, LONGEST_TITLE), rect.middle, middle + (-2.5 if box.subtitle else 4.5), "title")
    if box.subtitle:
        _text(group, clipped(box.subtitle, LONGEST_LABEL), rect.middle, middle + 12.5, "subtitle")


def _hexagon(parent: ET.Element, rect: Rect, name: str) -> None:
    """What a choice is drawn as: a box with pointed sides."""
    left, right, top, bottom = rect.x, rect.x + rect.width, rect.y, rect.y + rect.height
    middle, cut = rect.y + rect.height / 2, rect.height / 3
    corners = (
        (left + cut, top),
        (right - cut, top),
        (right, middle),
        (right - cut, bottom),
        (left + cut, bottom),
        (left, middle),
    )
    points = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
    ET.SubElement(parent, "polygon", {"points": points, "class": name})


def _rect(parent: ET.Element, rect: Rect, radius: float, name: str) -> None:
    where = {"x": number(rect.x), "y": number(rect.y), "width": number(rect.width), "height": number(rect.height)}
    ET.SubElement(parent, "rect", {**where, "rx": number(radius), "class": name})


def _text(parent: ET.Element, text: str, x: float, y: float, name: str) -> ET.Element:
    element = ET.SubElement(parent, "text", {"x": number(x), "y": number(y), "class": name})
    element.text = text
    return element
