"""The order of a graph's nodes: each after those that feed it, and after those that decide whether it runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush
from itertools import pairwise

from headrace_dags.demand import Demand, demands, joins_of
from headrace_dags.graph import Node, Use


class Entangled(Exception):
    """Raised when choices wait for each other.

    Attributes:
        joins: they, as a circle: each decides by what only the next one asks for.
    """

    def __init__(self, joins: Iterable[Node]) -> None:
        self.joins = tuple(joins)
        super().__init__(" and ".join(join.name for join in self.joins))


def ordered(nodes: Mapping[str, Node], outputs: Iterable[Use]) -> tuple[Node, ...]:
    """The nodes, by their calls as far as that is an order.

    Args:
        nodes: by name, each after those that feed it.
        outputs: of the dag.

    Raises:
        Entangled: no order has every choice fall before what it chooses.
    """
    if not any(node.join and node.join.decides for node in nodes.values()):
        return tuple(nodes.values())
    before = {name: {use.node for use in node.uses() if use.node} for name, node in nodes.items()}
    asking = _asking(nodes, demands(nodes.values(), outputs))
    for deciding, name in asking:
        before[name].add(deciding)
    places = {name: place for place, name in enumerate(nodes)}
    try:
        return tuple(nodes[name] for name in _sorted(before, places))
    except CycleError as error:
        # In its circle each node comes before the next one; told is who waits for whom, which is the other way round.
        circle = [asking[both] for both in reversed(list(pairwise(error.args[1]))) if both in asking]
        first = circle.index(min(circle, key=places.__getitem__))
        raise Entangled(nodes[name] for name in dict.fromkeys(circle[first:] + circle[:first])) from None


def _asking(nodes: Mapping[str, Node], needed: Mapping[str, Demand]) -> dict[tuple[str, str], str]:
    """The nodes that decide whether others run -> the join that asks."""
    return {
        (on.node, name): join
        for name, demand in needed.items()
        for join in sorted(joins_of(demand))
        if (on := nodes[join].on) and on.node
    }


def _sorted(before: Mapping[str, set[str]], places: Mapping[str, int]) -> Iterable[str]:
    sorter = TopologicalSorter(before)
    sorter.prepare()
    found: list[str] = []
    free = [places[name] for name in sorter.get_ready()]
    heapify(free)
    names = list(places)
    while free:
        found.append(name := names[heappop(free)])
        sorter.done(name)
        for each in sorter.get_ready():
            heappush(free, places[each])
    return found
