"""Group the items of an acyclic graph so that the graph of the groups stays acyclic. Knows nothing of steps or servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush


@dataclass(frozen=True, slots=True)
class Join:
    """Which groups an item would be joined with.

    Attributes:
        joined: roots of the groups that it joins, all into one.
        between: root of a willing group that it may not join -> root of a group that lies between them.
    """

    joined: tuple[int, ...]
    between: Mapping[int, int]


class Clusters:
    """Groups of the items 0, 1, 2 ... added in topological order.

    For each group it keeps the groups above it as the bits of one integer. Joining an item with a group above it is safe
    unless another group lies on a way from that group to the item: such a group would have to run both after and before.
    """

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._above: list[int] = []
        self._below: list[set[int]] = []

    def __len__(self) -> int:
        return len(self._parent)

    def root(self, item: int) -> int:
        """The item that names the group of ``item``."""
        while (parent := self._parent[item]) != item:
            self._parent[item] = item = self._parent[parent]
        return item

    def propose(self, producers: Mapping[int, bool]) -> Join:
        """What the next item may be joined with.

        Args:
            producers: roots of the groups that feed it, and whether each may be joined as far as rules go.
        """
        hidden = 0
        for root in producers:
            hidden |= self._above[root] & ~(1 << root)
        willing = [root for root, may in producers.items() if may]
        blocked = [root for root in willing if hidden >> root & 1]
        between = {root: self._between(root, producers) for root in blocked}
        return Join(tuple(root for root in willing if not hidden >> root & 1), between)

    def add(self, producers: Iterable[int], joined: Iterable[int]) -> int:
        """Add the next item and join it with the groups ``joined``, a part of what :meth:`propose` gave.

        Returns:
            The root of its group.
        """
        item = len(self._parent)
        self._parent.append(item)
        self._below.append(set())
        self._above.append(1 << item)
        parts = sorted(joined, key=lambda root: len(self._below[root])) or [item]
        keeper = parts.pop()
        for part in parts:
            self._below[keeper] |= self._below[part]
        self._lift(keeper, parts, producers)
        for part in (*parts, item):
            self._parent[part] = keeper
        for producer in producers:
            if (root := self.root(producer)) != keeper:
                self._below[root].add(keeper)
        return keeper

    def _between(self, root: int, producers: Iterable[int]) -> int:
        return next(each for each in producers if each != root and self._above[each] >> root & 1)

    def _lift(self, keeper: int, parts: Iterable[int], producers: Iterable[int]) -> None:
        """Put the keeper, and all below it, below everything that is above the parts."""
        above = self._above[keeper]
        for each in (*parts, *producers):
            above |= self._above[each]
        grown = above != self._above[keeper]
        self._above[keeper] = above
        waiting = list(self._below[keeper]) if grown or parts else []
        while waiting:
            root = self.root(waiting.pop())
            if self._above[root] | above != self._above[root]:
                self._above[root] |= above
                waiting.extend(self._below[root])


def in_order(groups: Mapping[int, list[int]], edges: Iterable[tuple[int, int]]) -> list[int]:
    """The keys of ``groups`` in topological order; among free ones the group with the earliest item comes first.

    Args:
        groups: items of each group, ascending.
        edges: pairs of keys, the first before the second.
    """
    after: dict[int, set[int]] = {key: set() for key in groups}
    for first, second in edges:
        if first != second:
            after[first].add(second)
    waits = dict.fromkeys(groups, 0)
    for followers in after.values():
        for each in followers:
            waits[each] += 1
    free = [(groups[key][0], key) for key, count in waits.items() if not count]
    heapify(free)
    order: list[int] = []
    while free:
        _, key = heappop(free)
        order.append(key)
        for each in after[key]:
            waits[each] -= 1
            if not waits[each]:
                heappush(free, (groups[each][0], each))
    return order


def members_by_root(root_of: Sequence[int]) -> dict[int, list[int]]:
    """The items of each group, ascending, by the group's root; ``root_of`` gives each item's root."""
    groups: dict[int, list[int]] = {}
    for item, root in enumerate(root_of):
        groups.setdefault(root, []).append(item)
    return groups
