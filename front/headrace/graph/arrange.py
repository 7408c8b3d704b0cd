"""A layered layout: ranks, order, coordinates, then the lines' points."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.graph.layers import Layered, layered
from headrace.graph.order import order
from headrace.graph.place import across
from headrace.graph.shapes import Arranged, Edge, Item, Rect, Route, Via

LABEL_PX = 16.0
"""Height of a label."""
_RISE_PX = 20.0
"""From a layer to the next."""
_SPREAD_PX = 22.0
"""Most pixels between two lines that leave one box."""
_FLAT_PX = 20.0
"""A layer so flat holds no box: lines may cross it aslant."""


def arrange(items: Sequence[Item], edges: Sequence[Edge]) -> Arranged:
    """Lay out ``items`` (in topological order) and ``edges`` from top to bottom."""
    graph = layered(items, edges)
    order(graph)
    xs, bands = across(graph), _bands(graph)
    rects = {
        vertex.item: Rect(
            xs[index] - vertex.width / 2, _top(bands[vertex.rank], vertex.height), vertex.width, vertex.height
        )
        for index, vertex in enumerate(graph.vertices)
        if vertex.item
    }
    routes = _routes(graph, edges, rects, xs, bands)
    labels = {
        vertex.label_of: (xs[index], sum(bands[vertex.rank]) / 2)
        for index, vertex in enumerate(graph.vertices)
        if vertex.label_of
    }
    width = max((x + vertex.width / 2 for x, vertex in zip(xs, graph.vertices, strict=True)), default=0.0)
    return Arranged(width, bands[-1][1] if bands else 0.0, rects, routes, labels)


def _bands(graph: Layered) -> list[tuple[float, float]]:
    """Top and bottom of each layer."""
    bands: list[tuple[float, float]] = []
    for layer in graph.layers:
        height = max((_height(graph, vertex) for vertex in layer), default=0.0)
        top = bands[-1][1] + _RISE_PX if bands else 0.0
        bands.append((top, top + height))
    return bands


def _height(graph: Layered, index: int) -> float:
    vertex = graph.vertices[index]
    return vertex.height if vertex.item else LABEL_PX if vertex.label_of else 0.0


def _top(band: tuple[float, float], height: float) -> float:
    """Items of one layer share their middle."""
    return (band[0] + band[1] - height) / 2


def _routes(
    graph: Layered, edges: Sequence[Edge], rects: dict[str, Rect], xs: list[float], bands: list[tuple[float, float]]
) -> dict[str, Route]:
    leaves = _ends(graph, edges, rects, xs, leaving=True)
    arrives = _ends(graph, edges, rects, xs, leaving=False)
    routes: dict[str, Route] = {}
    for edge in edges:
        lanes = graph.chains[edge.id][1:-1]
        passed = [via for lane in lanes for via in _through(xs[lane], bands[graph.vertices[lane].rank])]
        tail, head = rects[edge.tail], rects[edge.head]
        routes[edge.id] = (Via(leaves[edge.id], tail.y + tail.height), *passed, Via(arrives[edge.id], head.y))
    return routes


def _through(x: float, band: tuple[float, float]) -> tuple[Via, ...]:
    """How a line crosses a layer: upright between boxes, else as it likes."""
    top, bottom = band
    return (Via(x, top), Via(x, bottom)) if bottom - top > _FLAT_PX else (Via(x, (top + bottom) / 2, upright=False),)


def _ends(
    graph: Layered, edges: Sequence[Edge], rects: dict[str, Rect], xs: list[float], *, leaving: bool
) -> dict[str, float]:
    """Where each edge leaves its tail or arrives at its head: where it was told, else spread in the order of the lines."""
    groups: dict[str, list[Edge]] = {}
    ends: dict[str, float] = {}
    for edge in edges:
        at = edge.tail_at if leaving else edge.head_at
        item = edge.tail if leaving else edge.head
        if at is None:
            groups.setdefault(item, []).append(edge)
        else:
            ends[edge.id] = rects[item].x + at
    for item, group in groups.items():
        group.sort(key=lambda edge: xs[graph.chains[edge.id][1 if leaving else -2]])
        ends |= dict(zip((edge.id for edge in group), _spread(rects[item], len(group)), strict=True))
    return ends


def _spread(rect: Rect, count: int) -> list[float]:
    """``count`` places along the side of a box, about its middle."""
    gap = min(_SPREAD_PX, rect.width * 0.7 / max(count - 1, 1))
    return [rect.middle + gap * (index - (count - 1) / 2) for index in range(count)]
