"""Group items along the edges that rules allow, and remember why what is apart is apart. Both passes of the planner use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from headrace_dags.plan.clusters import Clusters, in_order, members_by_root
from headrace_dags.plan.cuts import Edge, Rule, Why, objection, path_between

Arrival = tuple[int, Edge]
"""An edge that reaches an item, and the item that it comes from."""

_NOBODY: Mapping[int, Why] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Groups:
    """Items in groups.

    Attributes:
        items: the items of each group, in topological order; groups in topological order.
        of_item: number of the group of each item.
        apart: for each edge between two groups, by the names of its nodes, why they are apart.
    """

    items: tuple[tuple[int, ...], ...]
    of_item: tuple[int, ...]
    apart: Mapping[tuple[str, str], Why]


class Grouping:
    """The state of one walk over items in topological order."""

    def __init__(self, rules: tuple[tuple[str, Rule], ...]) -> None:
        self._rules = rules
        self._clusters = Clusters()
        self._between: list[tuple[int, int]] = []
        self._apart: dict[tuple[str, str], Why] = {}

    def root(self, item: int) -> int:
        """The item that names the group of ``item``."""
        return self._clusters.root(item)

    def proposed(self, arrivals: Sequence[Arrival]) -> tuple[int, ...]:
        """Roots of the groups that the next item may join."""
        return self._clusters.propose(self._willing(arrivals)).joined

    def add(self, arrivals: Sequence[Arrival], refused: Mapping[int, Why] = _NOBODY) -> int:
        """Add the next item and join it with every group that may be joined.

        Args:
            arrivals: the edges that reach it.
            refused: roots of groups that it must not join for a reason that no rule knows.

        Returns:
            The root of its group.
        """
        willing = self._willing(arrivals)
        join = self._clusters.propose(willing)
        joined = [root for root in join.joined if root not in refused]
        self._remember(arrivals, set(joined), join.between, refused)
        self._between.extend((item, len(self._clusters)) for item, _ in arrivals)
        return self._clusters.add(willing, joined)

    def result(self) -> Groups:
        """The groups in topological order."""
        root_of = [self._clusters.root(item) for item in range(len(self._clusters))]
        items = members_by_root(root_of)
        order = in_order(items, ((root_of[first], root_of[second]) for first, second in self._between))
        number = {root: place for place, root in enumerate(order)}
        of_item = tuple(number[root] for root in root_of)
        return Groups(tuple(tuple(items[root]) for root in order), of_item, self._apart)

    def _willing(self, arrivals: Iterable[Arrival]) -> dict[int, bool]:
        """The groups that feed the item, and whether rules allow every edge from them."""
        willing: dict[int, bool] = {}
        for item, edge in arrivals:
            root = self._clusters.root(item)
            willing[root] = willing.get(root, True) and objection(self._rules, edge) is None
        return willing

    def _remember(
        self, arrivals: Iterable[Arrival], joined: set[int], between: Mapping[int, int], refused: Mapping[int, Why]
    ) -> None:
        """Note for every edge that does not join why it does not: its own reason, or that of another edge beside it."""
        edges = [(self._clusters.root(item), edge) for item, edge in arrivals]
        middles = {root: edge.producer for root, edge in edges}
        objections = {root: why for root, edge in reversed(edges) if (why := objection(self._rules, edge))}
        for root, edge in edges:
            if root in joined:
                continue
            why = objection(self._rules, edge) or objections.get(root) or refused.get(root)
            names = (edge.producer.name, edge.consumer.name)
            self._apart.setdefault(names, why or path_between(edge, middles[between[root]]))
