"""Coordinates: each vertex as near to the middle of its neighbours as the order within its layer and the gaps allow."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.graph.layers import Layered, Vertex

GAP_PX = 28.0
_LANE_GAP_PX = 22.0
_ROUNDS = 10
_STRAIGHT = 8.0
"""How much more a long edge wants to be straight than a box wants to sit over its neighbours."""


def across(graph: Layered) -> list[float]:
    """The x of each vertex's centre; the leftmost side of all is 0."""
    xs = _packed(graph)
    for turn in range(_ROUNDS):
        for layer in graph.layers:
            _settle(graph, layer, (graph.up,), xs)
        for layer in reversed(graph.layers):
            _settle(graph, layer, (graph.down,) if turn < _ROUNDS - 1 else (graph.down, graph.up), xs)
    left = min((x - vertex.width / 2 for x, vertex in zip(xs, graph.vertices, strict=True)), default=0.0)
    return [x - left for x in xs]


def _packed(graph: Layered) -> list[float]:
    """Every layer packed and centred on 0."""
    xs = [0.0] * len(graph.vertices)
    for layer in graph.layers:
        places = _stacked(graph, layer)
        middle = (places[0] + places[-1]) / 2 if places else 0.0
        for vertex, place in zip(layer, places, strict=True):
            xs[vertex] = place - middle
    return xs


def _stacked(graph: Layered, layer: Sequence[int]) -> list[float]:
    """Centres of a layer's vertices when they lie as close as they may, from 0."""
    places: list[float] = []
    for index, vertex in enumerate(layer):
        before = places[-1] + _apart(graph.vertices[layer[index - 1]], graph.vertices[vertex]) if places else 0.0
        places.append(before)
    return places


def _apart(left: Vertex, right: Vertex) -> float:
    """The least distance of two neighbours' centres."""
    gap = GAP_PX if left.item and right.item else _LANE_GAP_PX
    return (left.width + right.width) / 2 + gap


def _settle(graph: Layered, layer: Sequence[int], sides: Sequence[list[list[int]]], xs: list[float]) -> None:
    """Move a layer to where its neighbours pull it, by isotonic regression over what is left when the gaps are taken away."""
    stacked = _stacked(graph, layer)
    pulls = [_pull(graph, vertex, sides, xs) for vertex in layer]
    wanted = [(x - place, weight) for (x, weight), place in zip(pulls, stacked, strict=True)]
    for vertex, place, shift in zip(layer, stacked, _isotonic(wanted), strict=True):
        xs[vertex] = place + shift


def _pull(graph: Layered, vertex: int, sides: Sequence[list[list[int]]], xs: list[float]) -> tuple[float, float]:
    """Where the neighbours want a vertex, and how strongly."""
    pulls = [
        (_over(graph, vertex, other, xs), _strength(graph, vertex, other)) for side in sides for other in side[vertex]
    ]
    total = sum(strength for _, strength in pulls)
    if not total:
        return xs[vertex], 0.5
    return sum(x * strength for x, strength in pulls) / total, total


def _over(graph: Layered, vertex: int, other: int, xs: list[float]) -> float:
    """Where ``vertex`` must lie for its arc with ``other`` to be upright."""
    return xs[other] + graph.shifts.get((other, vertex), 0.0) - graph.shifts.get((vertex, other), 0.0)


def _strength(graph: Layered, one: int, other: int) -> float:
    lanes = (not graph.vertices[one].item) + (not graph.vertices[other].item)
    return (1.0, 2.0, _STRAIGHT)[lanes]


def _isotonic(wanted: Sequence[tuple[float, float]]) -> list[float]:
    """The rising sequence nearest to ``wanted`` (value, weight) in the weighted least-squares sense: pool adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            before = pools.pop()
            total = before[1] + pool[1]
            pool = ((before[0] * before[1] + pool[0] * pool[1]) / total, total, before[2] + pool[2])
        pools.append(pool)
    return [value for value, _, count in pools for _ in range(count)]
