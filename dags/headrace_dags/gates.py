"""When a node runs that only a branch needs: which choices must fall, and which of them fall for each item. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace_dags.axes import Axes
from headrace_dags.demand import ALWAYS, Demand, Take, demands, joins_of, without
from headrace_dags.record import Record


class Gate(Record):
    """When a node runs.

    Attributes:
        terms: it runs where one of them holds; a term is choices, by the join's name and the key that it takes.
        per_item: the joins among them that choose for each item of the node's own axis; any other join that is mapped
            counts where it takes the key for any of its items.
    """

    terms: tuple[tuple[tuple[str, str | None], ...], ...]
    per_item: tuple[str, ...] = ()


def gate(demand: Demand, per_item: Iterable[str]) -> Gate:
    """The gate of a demand, in an order of its own."""
    terms = [tuple(sorted(term, key=_by_name)) for term in demand]
    terms.sort(key=lambda term: [*map(_by_name, term)])
    return Gate(terms=tuple(terms), per_item=tuple(sorted(per_item)))


def _by_name(take: Take) -> tuple[str, str]:
    return take.join, "" if take.key is None else f"={take.key}"


class Gates:
    """The gates of a graph.

    Args:
        axes: of the graph.
    """

    def __init__(self, axes: Axes) -> None:
        graph = self._graph = axes.graph
        self._axes = axes
        self.demands: Mapping[str, Demand] = demands(graph.nodes, (output.use for output in graph.outputs))
        """The demand of every node."""

    def of(self, name: str, outside: frozenset[str] = frozenset()) -> Gate | None:
        """The gate of a node; ``None`` where it always runs.

        Args:
            name: the node's.
            outside: joins that have been decided before, so that the gate need not ask for them.
        """
        demand = without(self.demands[name], outside)
        if demand == ALWAYS:
            return None
        node = self._graph.by_name[name]
        axis = self._axes.of_node(node)
        joins = (self._graph.by_name[join] for join in joins_of(demand))
        return gate(demand, (join.name for join in joins if axis and self._axes.of_node(join) == axis))

    def all(self) -> dict[str, Gate]:
        """The gates of all nodes that do not always run."""
        return {node.name: found for node in self._graph.nodes if (found := self.of(node.name))}
