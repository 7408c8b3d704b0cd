"""Groups of an acyclic graph stay acyclic, and no join that would be safe is refused without cause."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_dags.plan.clusters import Clusters, in_order, members_by_root

Edges = list[dict[int, bool]]
"""For each item the earlier items that feed it, and whether it may be joined with each."""


@st.composite
def edges(draw: st.DrawFn) -> Edges:
    found: Edges = []
    for item in range(draw(st.integers(1, 14))):
        earlier = draw(st.lists(st.integers(0, item - 1), max_size=3, unique=True)) if item else []
        found.append({each: draw(st.booleans()) for each in earlier})
    return found


def grow(found: Edges) -> Clusters:
    """Join whatever may be joined; in every step the groups must be exactly those that can be."""
    clusters = Clusters()
    for item, producers in enumerate(found):
        willing: dict[int, bool] = {}
        for producer, may in producers.items():
            root = clusters.root(producer)
            willing[root] = willing.get(root, True) and may
        join = clusters.propose(willing)
        roots = [clusters.root(each) for each in range(item)]
        for root, may in willing.items():
            blocked = not may or _reaches_around(found[:item], roots, root, set(willing))
            assert (root in join.joined) == (not blocked)
        clusters.add(willing, join.joined)
    return clusters


def _reaches_around(found: Edges, roots: list[int], start: int, goals: set[int]) -> bool:
    """Whether a way leads from group ``start`` over others to another of ``goals``, by plain search."""
    after: dict[int, set[int]] = {}
    for item, producers in enumerate(found):
        for producer in producers:
            after.setdefault(roots[producer], set()).add(roots[item])
    seen, waiting = set(), [start]
    while waiting:
        for each in after.get(waiting.pop(), set()) - seen - {start}:
            seen.add(each)
            waiting.append(each)
    return bool(seen & goals)


@given(edges())
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_groups_stay_acyclic_and_join_all_they_can(found):
    clusters = grow(found)
    roots = [clusters.root(item) for item in range(len(clusters))]
    groups = members_by_root(roots)
    pairs = [(roots[producer], roots[item]) for item, producers in enumerate(found) for producer in producers]
    order = in_order(groups, pairs)
    assert sorted(order) == sorted(groups), "an order exists, so there is no cycle"
    place = {root: number for number, root in enumerate(order)}
    assert all(place[first] <= place[second] for first, second in pairs)


def test_the_earliest_item_comes_first_among_free_groups():
    assert in_order({0: [0, 3], 1: [1], 2: [2]}, [(2, 1)]) == [0, 2, 1]


def test_what_lies_between_is_named():
    clusters = Clusters()
    clusters.add((), ())
    clusters.add((0,), ())
    join = clusters.propose({0: True, 1: True})
    assert join.joined == (1,)
    assert join.between == {0: 1}
