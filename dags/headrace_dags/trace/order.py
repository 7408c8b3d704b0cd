"""The order of a graph's nodes: each after those that feed it, and after those that decide whether it runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from heapq import heapify, heappop, heappush

from headrace_dags.demand import demands, joins_of
from headrace_dags.graph import Node, Use


class Entangled(Exception):
    """Raised when choices wait for each other.

    Attributes:
        nodes: their names.
    """

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(" and ".join(self.nodes))


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
    for name, demand in demands(nodes.values(), outputs).items():
        before[name] |= {on.node for join in joins_of(demand) if (on := nodes[join].on) and on.node}
    return tuple(nodes[name] for name in _sorted(before, {name: place for place, name in enumerate(nodes)}))


def _sorted(before: Mapping[str, set[str]], places: Mapping[str, int]) -> Iterable[str]:
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError as error:
        raise Entangled(sorted(set(error.args[1]), key=places.__getitem__)) from None
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
