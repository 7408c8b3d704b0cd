"""The order within layers: barycentre sweeps and swaps of neighbours, keeping the order with the fewest crossings."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from headrace.graph.layers import Layered

_SWEEPS = 12
_SWAP_LIMIT = 1500
"""Above so many vertices neighbours are not swapped: the picture is too large to be read, and time counts."""


def order(graph: Layered) -> None:
    """Reorder ``graph.layers`` in place so that few arcs cross."""
    best, fewest = _copy(graph.layers), crossings(graph)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        _sweep(graph, downwards=sweep % 2 == 0)
        if len(graph.vertices) <= _SWAP_LIMIT:
            _swap(graph)
        count = crossings(graph)
        if count < fewest:
            best, fewest = _copy(graph.layers), count
    graph.layers = best


def crossings(graph: Layered) -> int:
    """How many pairs of arcs cross."""
    position = _positions(graph.layers)
    return sum(_between(layer, graph.down, position) for layer in graph.layers)


def _between(layer: Sequence[int], down: list[list[int]], position: list[int]) -> int:
    """Crossings between a layer and the next: inversions among the lower ends, taken in the order of the upper."""
    seen: list[int] = []
    count = 0
    for vertex in layer:
        ends = sorted(position[other] for other in down[vertex])
        count += sum(len(seen) - bisect_right(seen, end) for end in ends)
        for end in ends:
            insort(seen, end)
    return count


def _sweep(graph: Layered, *, downwards: bool) -> None:
    neighbours = graph.up if downwards else graph.down
    position = _positions(graph.layers)
    for layer in _free(graph) if downwards else reversed(_free(graph)):
        keys = {vertex: _barycentre(vertex, neighbours, position) for vertex in layer}
        layer.sort(key=keys.__getitem__)
        for place, vertex in enumerate(layer):
            position[vertex] = place


def _free(graph: Layered) -> list[list[int]]:
    return [layer for rank, layer in enumerate(graph.layers) if rank not in graph.frozen]


def _barycentre(vertex: int, neighbours: list[list[int]], position: list[int]) -> float:
    found = neighbours[vertex]
    return sum(position[other] for other in found) / len(found) if found else position[vertex]


def _swap(graph: Layered) -> None:
    """Swap neighbours while that uncrosses arcs."""
    position = _positions(graph.layers)
    for layer in _free(graph):
        improved = True
        while improved:
            improved = False
            for left in range(len(layer) - 1):
                if _gain(graph, layer[left], layer[left + 1], position) > 0:
                    layer[left], layer[left + 1] = layer[left + 1], layer[left]
                    position[layer[left]], position[layer[left + 1]] = left, left + 1
                    improved = True


def _gain(graph: Layered, left: int, right: int, position: list[int]) -> int:
    """Crossings fewer when ``left`` and ``right`` change places."""
    sides = (graph.up, graph.down)
    return sum(
        (position[a] > position[b]) - (position[a] < position[b])
        for side in sides
        for a in side[left]
        for b in side[right]
    )


def _positions(layers: list[list[int]]) -> list[int]:
    position = [0] * sum(map(len, layers))
    for layer in layers:
        for place, vertex in enumerate(layer):
            position[vertex] = place
    return position


def _copy(layers: list[list[int]]) -> list[list[int]]:
    return [list(layer) for layer in layers]
