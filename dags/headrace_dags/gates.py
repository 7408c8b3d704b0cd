"""When a node runs that only a branch needs: which choices must fall, and which of them fall for each item. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from headrace_dags.demand import ALWAYS, Demand, demands, without
from headrace_dags.graph import ON, Graph
from headrace_dags.record import Record


class Gate(Record):
    """When a node runs.

    Attributes:
        terms: it runs where one of them holds; a term is choices, by the join's name and the key that it takes.
        per_item: the joins among them that choose for each item that the node runs for; any other join that chooses for
            each item counts where it takes the key for any of its items.
    """

    terms: tuple[tuple[tuple[str, str | None], ...], ...]
    per_item: tuple[str, ...] = ()


def gate(demand: Demand, by_item: frozenset[str] = frozenset()) -> Gate:
    """The gate of a demand, in an order of its own.

    Args:
        demand: the demand; a join that is asked about the very item in one term and about any in another counts as asked
            about any, so that too many items run, and never too few.
        by_item: the joins that choose for each item.
    """
    takes = {take for term in demand for take in term}
    some = {take.join for take in takes if take.some}
    bare = {frozenset((take.join, take.key) for take in term) for term in demand}
    terms = [tuple(sorted(term, key=_by_name)) for term in bare]
    terms.sort(key=lambda term: [*map(_by_name, term)])
    return Gate(terms=tuple(terms), per_item=tuple(sorted({take.join for take in takes} & by_item - some)))


def _by_name(take: tuple[str, str | None]) -> tuple[str, str]:
    join, key = take
    return join, "" if key is None else f"={key}"


class Gates:
    """The gates of a graph.

    Args:
        axes: of the graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._by_item = frozenset(node.name for node in graph.nodes if node.join and ON in node.mapped)
        self.demands: Mapping[str, Demand] = demands(graph.nodes, (output.use for output in graph.outputs))
        """The demand of every node."""

    def of(self, name: str, outside: frozenset[str] = frozenset()) -> Gate | None:
        """The gate of a node; ``None`` where it always runs.

        Args:
            name: the node's.
            outside: joins that have been decided before, so that the gate need not ask for them.
        """
        demand = without(self.demands[name], outside)
        return None if demand == ALWAYS else gate(demand, self._by_item)

    def all(self) -> dict[str, Gate]:
        """The gates of all nodes that do not always run."""
        return {name: found for name in self.demands if (found := self.of(name))}
