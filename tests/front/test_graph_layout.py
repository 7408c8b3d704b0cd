"""The layout of pictures: boxes apart, groups around their boxes, lines from box to box, and the same picture each time."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.front.recorded import graph, plan

from headrace.graph.arrange import arrange
from headrace.graph.compose import Layout, compose
from headrace.graph.curve import curve
from headrace.graph.drawing import Box, Drawing, Group, Link
from headrace.graph.layers import layered
from headrace.graph.order import crossings, order
from headrace.graph.shapes import Edge, Item, Rect, Via
from headrace.graph.sketch import sketch

TOLERANCE_PX = 0.01


def apart(one: Rect, other: Rect) -> bool:
    return (
        one.x + one.width <= other.x + TOLERANCE_PX
        or other.x + other.width <= one.x + TOLERANCE_PX
        or one.y + one.height <= other.y + TOLERANCE_PX
        or other.y + other.height <= one.y + TOLERANCE_PX
    )


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        inner.x >= outer.x - TOLERANCE_PX
        and inner.y >= outer.y - TOLERANCE_PX
        and inner.x + inner.width <= outer.x + outer.width + TOLERANCE_PX
        and inner.y + inner.height <= outer.y + outer.height + TOLERANCE_PX
    )


def check(drawing: Drawing, layout: Layout) -> None:
    canvas = Rect(0, 0, layout.width, layout.height)
    assert all(apart(one, other) for one, other in combinations(layout.boxes.values(), 2))
    assert all(apart(one, other) for one, other in combinations(layout.groups.values(), 2))
    assert all(inside(rect, canvas) for rect in (*layout.boxes.values(), *layout.groups.values()))
    for group in drawing.groups:
        assert all(inside(layout.boxes[box], layout.groups[group.id]) for box in group.boxes)
        outside = (box.id for box in drawing.boxes if box.id not in group.boxes)
        assert all(apart(layout.boxes[box], layout.groups[group.id]) for box in outside)
    for index, link in enumerate(drawing.links):
        tail, head = layout.boxes[link.tail], layout.boxes[link.head]
        first, last = layout.routes[index][0], layout.routes[index][-1]
        assert tail.x <= first.x <= tail.x + tail.width
        assert first.y == pytest.approx(tail.y + tail.height)
        assert head.x <= last.x <= head.x + head.width
        assert last.y == pytest.approx(head.y)
        assert all(above.y <= below.y + TOLERANCE_PX for above, below in pairwise(layout.routes[index]))
        if link.label:
            x, y = layout.labels[index]
            assert all(apart(Rect(x - 1, y - 1, 2, 2), box) for box in layout.boxes.values())


@some.composite
def drawings(draw: some.DrawFn) -> Drawing:
    """Random dags, cut into groups of neighbours in topological order (so that the groups have no cycle)."""
    count = draw(some.integers(1, 14))
    boxes = tuple(Box(f"b{number}", "node", f"box {number}", "sub" * (number % 3)) for number in range(count))
    pairs = [(tail, head) for tail in range(count) for head in range(tail + 1, count)]
    chosen = draw(some.lists(some.sampled_from(pairs), unique=True, max_size=24)) if pairs else []
    links = tuple(Link(f"b{tail}", f"b{head}", "a label" if (tail + head) % 2 else "") for tail, head in chosen)
    sizes = draw(some.lists(some.integers(1, 4), max_size=5))
    groups, at = [], 0
    for number, size in enumerate(sizes):
        members = tuple(box.id for box in boxes[at : at + size])
        if members and number % 3 != 2:
            groups.append(Group(f"g{number}", f"group {number}", members))
        at += size
    return Drawing("random", boxes, links, tuple(groups))


@given(drawings())
@settings(deadline=None, max_examples=60)
def test_nothing_lies_over_anything(drawing: Drawing) -> None:
    check(drawing, compose(drawing))


def test_a_plan_gives_groups_of_its_segments() -> None:
    drawing = sketch(graph(), plan())
    layout = compose(drawing)
    check(drawing, layout)
    assert set(layout.groups) == {"frames", "sound", "read", "join"}


def test_the_same_graph_gives_the_same_picture() -> None:
    assert compose(sketch(graph(), plan())) == compose(sketch(graph(), plan()))


def test_what_feeds_lies_above() -> None:
    items = [Item(name, 50, 20) for name in "adbc"]
    edges = [Edge("1", "a", "b"), Edge("2", "b", "c"), Edge("3", "a", "c"), Edge("4", "d", "c")]
    rects = arrange(items, edges).rects
    assert rects["a"].y < rects["b"].y < rects["c"].y
    assert rects["d"].y == rects["b"].y, "an input lies right above what it feeds, not at the very top"


def test_a_lone_chain_is_straight() -> None:
    items = [Item(name, 50, 20) for name in "abc"]
    arranged = arrange(items, [Edge("1", "a", "b", label_width=30), Edge("2", "b", "c")])
    assert {via.x for route in arranged.routes.values() for via in route} == {25.0}
    assert arranged.labels["1"][0] == 25.0


def test_crossings_are_removed_where_they_can_be() -> None:
    items = [Item(name, 50, 20) for name in ("a", "b", "x", "y")]
    crossed = layered(items, [Edge("1", "a", "y"), Edge("2", "b", "x")])
    assert crossings(crossed) == 1
    order(crossed)
    assert crossings(crossed) == 0


def test_a_line_never_swings_past_its_points() -> None:
    path = curve((Via(0, 0), Via(10, 10, upright=False), Via(40, 20, upright=False), Via(50, 30)))
    numbers = [float(each) for each in path.replace("M", "").replace("C", "").split()]
    assert min(numbers[::2]) == 0
    assert max(numbers[::2]) == 50
    assert path.count("C") == 3
