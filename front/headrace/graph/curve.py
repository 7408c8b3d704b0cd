"""A route as an SVG path: a smooth curve through its points that never swings past one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from headrace.graph.shapes import Route, Via

_TIP_PX = 2.0
"""The line ends so far before its arrow's tip."""


def curve(route: Route) -> str:
    """The path's data: x as a monotone cubic function of y (Fritsch and Carlson), in Bezier pieces."""
    points = _distinct(route)
    points[-1] = points[-1].moved(0, -_TIP_PX)
    slopes = _slopes(points)
    pieces = zip(pairwise(points), pairwise(slopes), strict=True)
    return " ".join(
        [f"M{number(points[0].x)} {number(points[0].y)}", *(_piece(*ends, *turns) for ends, turns in pieces)]
    )


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    )


def _distinct(route: Route) -> list[Via]:
    """Points that follow each other downwards; of two at one height the later counts."""
    points = [here for here, after in pairwise(route) if after.y - here.y > 0.01]
    return [*points, route[-1]]


def _piece(start: Via, end: Via, start_slope: float, end_slope: float) -> str:
    third = (end.y - start.y) / 3
    first = f"{number(start.x + start_slope * third)} {number(start.y + third)}"
    second = f"{number(end.x - end_slope * third)} {number(end.y - third)}"
    return f"C{first} {second} {number(end.x)} {number(end.y)}"


def _slopes(points: Sequence[Via]) -> list[float]:
    """dx/dy at each point: 0 where the line is upright or turns back, else the harmonic mean of its two sides."""
    secants = [(end.x - start.x) / (end.y - start.y) for start, end in pairwise(points)]
    return [0.0, *_inner(points, secants), 0.0]


def _inner(points: Sequence[Via], secants: Sequence[float]) -> Iterator[float]:
    for point, (before, after) in zip(points[1:-1], pairwise(secants), strict=True):
        turns = before * after <= 0
        yield 0.0 if point.upright or turns else 2 * before * after / (before + after)
