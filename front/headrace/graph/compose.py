"""A drawing's layout: each group by itself, then groups and free boxes among each other, then the lines joined at the borders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

from headrace.graph.arrange import arrange
from headrace.graph.drawing import Box, Drawing, Group, Link
from headrace.graph.shapes import Arranged, Edge, Item, Pin, Point, Rect, Route, Via
from headrace.graph.text import width_px
from headrace.terminal import clipped

TITLE_PX = 13.0
SMALL_PX = 10.5
LONGEST_TITLE = 34
LONGEST_LABEL = 40
_PAD_PX = 18.0
_HEAD_PX = 34.0
"""Room above the boxes of a group, for its title."""
_TRIM_PX = 14.0
"""Lines that leave a group have more room than they need."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of a drawing lies: boxes by id, groups by id, lines and labels by the link's index."""

    width: float
    height: float
    boxes: Mapping[str, Rect]
    groups: Mapping[str, Rect]
    routes: Mapping[int, Route]
    labels: Mapping[int, Point]


@dataclass(frozen=True, slots=True)
class _Inside:
    """A group laid out by itself; points are relative to the group's corner."""

    rect: Rect
    boxes: Mapping[str, Rect]
    routes: Mapping[str, Route]
    labels: Mapping[str, Point]


def compose(drawing: Drawing) -> Layout:
    """Lay out ``drawing``."""
    home = {box: group.id for group in drawing.groups for box in group.boxes}
    links = dict(enumerate(drawing.links))
    outer, insides = _round(drawing, links, home, {})
    if drawing.groups:
        outer, insides = _round(drawing, links, home, _wishes(outer))
    return _joined(drawing, outer, insides, home)


def _round(
    drawing: Drawing, links: Mapping[int, Link], home: Mapping[str, str], wishes: Mapping[str, float]
) -> tuple[Arranged, Mapping[str, _Inside]]:
    insides = {group.id: _inside(group, drawing, links, home, wishes) for group in drawing.groups}
    return arrange(list(_units(drawing, insides, home)), list(_outer_edges(links, insides, home))), insides


def _wishes(outer: Arranged) -> dict[str, float]:
    """Where lines come from and go to: the second time, groups order their borders by it."""
    return {f"top-{edge}": route[-2].x for edge, route in outer.routes.items()} | {
        f"bottom-{edge}": route[1].x for edge, route in outer.routes.items()
    }


def box_item(box: Box) -> Item:
    """The size of a box: its texts and some air."""
    title = width_px(clipped(box.title, LONGEST_TITLE), TITLE_PX, bold=True)
    subtitle = width_px(clipped(box.subtitle, LONGEST_LABEL), SMALL_PX)
    air = {"node": 36, "join": 56}.get(box.kind, 44)
    return Item(box.id, max(title, subtitle, 56) + air, 46 if box.subtitle else 34)


def _label_px(link: Link) -> float:
    return width_px(clipped(link.label, LONGEST_LABEL), SMALL_PX) + 8 if link.label else 0


def _inside(
    group: Group, drawing: Drawing, links: Mapping[int, Link], home: Mapping[str, str], wishes: Mapping[str, float]
) -> _Inside:
    boxes = [box_item(box) for box in drawing.boxes if home.get(box.id) == group.id]
    entries, exits, edges = [], [], []
    for index, link in links.items():
        tail_in, head_in = home.get(link.tail) == group.id, home.get(link.head) == group.id
        if tail_in and head_in:
            edges.append(Edge(str(index), link.tail, link.head, _label_px(link)))
        elif head_in:
            entries.append(_border(index, "top"))
            edges.append(Edge(f"in-{index}", entries[-1].id, link.head))
        elif tail_in:
            exits.append(_border(index, "bottom"))
            edges.append(Edge(f"out-{index}", link.tail, exits[-1].id))
    title = width_px(f"{group.title}  {group.note}", SMALL_PX + 1, bold=True)
    items = [*_placed(entries, wishes), *boxes, *_placed(exits, wishes)]
    return _framed(arrange(items, edges), title, bool(entries), bool(exits))


def _border(index: int, pin: Pin) -> Item:
    return Item(f"{pin}-{index}", 0, 0, pin)


def _placed(borders: list[Item], wishes: Mapping[str, float]) -> list[Item]:
    if not all(item.id in wishes for item in borders):
        return borders
    ordered = sorted(borders, key=lambda item: wishes[item.id])
    return [replace(item, place=place) for place, item in enumerate(ordered)]


def _framed(inner: Arranged, title_px: float, entered: bool, left: bool) -> _Inside:
    """Put a frame around a group's boxes; ``entered`` and ``left``: whether lines cross its top and its bottom."""
    width = max(inner.width, title_px) + 2 * _PAD_PX
    dx, dy = (width - inner.width) / 2, 0 if entered else _HEAD_PX
    height = inner.height + dy + (-_TRIM_PX if left else _PAD_PX)
    boxes = {item: rect.moved(dx, dy) for item, rect in inner.rects.items()}
    routes = {edge: tuple(_kept(via.moved(dx, dy), height) for via in route) for edge, route in inner.routes.items()}
    labels = {edge: (x + dx, y + dy) for edge, (x, y) in inner.labels.items()}
    return _Inside(Rect(0, 0, width, height), boxes, routes, labels)


def _kept(via: Via, height: float) -> Via:
    """Not below the frame. On the frame, from the inside: the line goes on as it likes."""
    return replace(via, y=min(via.y, height))


def _units(drawing: Drawing, insides: Mapping[str, _Inside], home: Mapping[str, str]) -> Iterator[Item]:
    """Free boxes and whole groups, in topological order."""
    items = {box.id: box_item(box) for box in drawing.boxes if box.id not in home}
    items |= {name: Item(name, inside.rect.width, inside.rect.height) for name, inside in insides.items()}
    order = TopologicalSorter[str](dict.fromkeys(items, ()))
    for link in drawing.links:
        tail, head = home.get(link.tail, link.tail), home.get(link.head, link.head)
        if tail != head:
            order.add(head, tail)
    return (items[name] for name in order.static_order())


def _outer_edges(links: Mapping[int, Link], insides: Mapping[str, _Inside], home: Mapping[str, str]) -> Iterator[Edge]:
    for index, link in links.items():
        tail, head = home.get(link.tail, link.tail), home.get(link.head, link.head)
        if tail == head:
            continue
        leaves = insides[tail].routes[f"out-{index}"][-1].x if tail in insides else None
        arrives = insides[head].routes[f"in-{index}"][0].x if head in insides else None
        yield Edge(str(index), tail, head, _label_px(link), leaves, arrives)


def _joined(drawing: Drawing, outer: Arranged, insides: Mapping[str, _Inside], home: Mapping[str, str]) -> Layout:
    groups = {name: outer.rects[name] for name in insides}
    boxes = {box.id: _box_rect(box.id, outer, insides, home) for box in drawing.boxes}
    routes: dict[int, Route] = {}
    labels = {int(edge): point for edge, point in outer.labels.items()}
    for index, link in enumerate(drawing.links):
        parts: list[Via] = []
        for unit, name in (
            (home.get(link.tail), f"out-{index}"),
            (None, str(index)),
            (home.get(link.head), f"in-{index}"),
        ):
            part = (
                outer.routes.get(name, ()) if unit is None else _moved(insides[unit].routes.get(name, ()), groups[unit])
            )
            parts = _continued(parts, part)
        if not parts:
            corner, inside = groups[home[link.tail]], insides[home[link.tail]]
            parts = _moved(inside.routes[str(index)], corner)
            labels |= _moved_label(index, inside.labels.get(str(index)), corner)
        routes[index] = tuple(parts)
    return Layout(outer.width, outer.height, boxes, groups, routes, labels)


def _moved_label(index: int, label: Point | None, corner: Rect) -> dict[int, Point]:
    return {index: (label[0] + corner.x, label[1] + corner.y)} if label else {}


def _box_rect(box: str, outer: Arranged, insides: Mapping[str, _Inside], home: Mapping[str, str]) -> Rect:
    if box not in home:
        return outer.rects[box]
    corner = outer.rects[home[box]]
    return insides[home[box]].boxes[box].moved(corner.x, corner.y)


def _continued(before: list[Via], after: Sequence[Via]) -> list[Via]:
    """Two parts of a line that meet on a border, which it crosses as it likes."""
    if not before or not after:
        return [*before, *after]
    return [*before[:-1], replace(after[0], upright=False), *after[1:]]


def _moved(route: Route, corner: Rect) -> list[Via]:
    return [via.moved(corner.x, corner.y) for via in route]
