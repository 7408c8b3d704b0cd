"""Ranks: which layer each item lies in, and the chains of empty vertices that carry long edges through the layers between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from headrace.graph.shapes import Edge, Item

STEP = 2
"""Items lie in even layers; the odd ones between them are for labels."""


@dataclass(slots=True)
class Vertex:
    """An item, or the place where an edge passes through a layer."""

    rank: int
    width: float
    height: float = 0
    item: str = ""
    label_of: str = ""


@dataclass(slots=True)
class Layered:
    """Vertices in layers.

    Attributes:
        down: for each vertex, the vertices of the next layer that an arc joins it to; ``up`` likewise.
        chains: for each edge, its vertices from tail to head.
        frozen: layers whose order was told.
        shifts: for a vertex and the next of an arc, how far right of the vertex's centre the arc is told to end, in pixels.
    """

    vertices: list[Vertex] = field(default_factory=list)
    layers: list[list[int]] = field(default_factory=list)
    down: list[list[int]] = field(default_factory=list)
    up: list[list[int]] = field(default_factory=list)
    chains: dict[str, list[int]] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    shifts: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, vertex: Vertex) -> int:
        """Append a vertex to its layer."""
        index = len(self.vertices)
        self.vertices.append(vertex)
        self.layers[vertex.rank].append(index)
        self.down.append([])
        self.up.append([])
        return index

    def join(self, upper: int, lower: int) -> None:
        """Add an arc."""
        self.down[upper].append(lower)
        self.up[lower].append(upper)


def layered(items: Sequence[Item], edges: Sequence[Edge]) -> Layered:
    """Put items into layers and edges into chains of vertices."""
    ranks = _ranks(items, edges)
    result = Layered(layers=[[] for _ in range(max(ranks.values(), default=0) + 1)])
    index = {item.id: result.add(Vertex(ranks[item.id], item.width, item.height, item.id)) for item in items}
    for edge in edges:
        result.chains[edge.id] = _chain(result, edge, index[edge.tail], index[edge.head])
        _shift(result, edge)
    _freeze(result, {index[item.id]: item.place for item in items if item.place >= 0})
    return result


def _shift(graph: Layered, edge: Edge) -> None:
    tail, first, *_ = chain = graph.chains[edge.id]
    last, head = chain[-2:]
    if edge.tail_at is not None:
        graph.shifts[tail, first] = edge.tail_at - graph.vertices[tail].width / 2
    if edge.head_at is not None:
        graph.shifts[head, last] = edge.head_at - graph.vertices[head].width / 2


def _freeze(graph: Layered, places: dict[int, int]) -> None:
    """Order the layers in which every vertex has its place, and keep them so."""
    for rank, layer in enumerate(graph.layers):
        if layer and all(vertex in places for vertex in layer):
            layer.sort(key=places.__getitem__)
            graph.frozen.add(rank)


def _chain(into: Layered, edge: Edge, tail: int, head: int) -> list[int]:
    chain, first = [tail], into.vertices[tail].rank + 1
    for rank in range(first, into.vertices[head].rank):
        labelled = rank == first and edge.label_width > 0
        vertex = Vertex(rank, edge.label_width if labelled else 0, label_of=edge.id if labelled else "")
        chain.append(into.add(vertex))
    chain.append(head)
    for upper, lower in pairwise(chain):
        into.join(upper, lower)
    return chain


def _ranks(items: Sequence[Item], edges: Sequence[Edge]) -> dict[str, int]:
    """Longest path from the top, then items with few inputs drawn down to what they feed; layers of pinned items hold no others.

    Items come in topological order.
    """
    above, below = _neighbours(items, edges)
    ranks: dict[str, int] = {}
    first = STEP if any(item.pin == "top" for item in items) else 0
    for item in items:
        least = 0 if item.pin == "top" else first
        ranks[item.id] = max([least, *(ranks[other] + STEP for other in above[item.id])])
    for item in reversed(items):
        ranks[item.id] = _settled(item, ranks, above, below)
    bottom = max((ranks[item.id] for item in items if item.pin != "bottom"), default=0) + STEP
    return {item.id: bottom if item.pin == "bottom" else ranks[item.id] for item in items}


def _settled(item: Item, ranks: dict[str, int], above: dict[str, list[str]], below: dict[str, list[str]]) -> int:
    """Moving down shortens the edges below and lengthens those above: worth it where more lie below."""
    if item.pin or len(below[item.id]) <= len(above[item.id]):
        return ranks[item.id]
    return min(ranks[other] for other in below[item.id]) - STEP


def _neighbours(items: Sequence[Item], edges: Sequence[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {item.id: [] for item in items}
    below: dict[str, list[str]] = {item.id: [] for item in items}
    for edge in edges:
        above[edge.head].append(edge.tail)
        below[edge.tail].append(edge.head)
    return above, below
