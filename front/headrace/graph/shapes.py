"""What the layout takes and gives: sized items, edges, and where they lie. Points are in CSS pixels, y grows downwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Pin = Literal["", "top", "bottom"]
Point = tuple[float, float]
Route = tuple["Via", ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A rectangle to place.

    Attributes:
        id: unique.
        width: pixels.
        height: pixels.
        pin: whether it must lie in the first or in the last layer.
        place: its place among the pinned items of that layer, from 0; -1: the layout chooses.
    """

    id: str
    width: float
    height: float
    pin: Pin = ""
    place: int = -1


@dataclass(frozen=True, slots=True)
class Edge:
    """A line to route from the bottom of ``tail`` to the top of ``head``.

    Attributes:
        id: unique.
        label_width: pixels to keep free for its label; 0 for none.
        tail_at: where it leaves, in pixels right of the tail's left side; ``None``: the layout chooses.
        head_at: where it arrives, likewise.
    """

    id: str
    tail: str
    head: str
    label_width: float = 0
    tail_at: float | None = None
    head_at: float | None = None


@dataclass(frozen=True, slots=True)
class Via:
    """A point of a route. ``upright``: the line passes it vertically, as at a box's side or between boxes."""

    x: float
    y: float
    upright: bool = True

    def moved(self, dx: float, dy: float) -> Via:
        """The same point elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True, slots=True)
class Rect:
    """A placed rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The x of its centre."""
        return self.x + self.width / 2

    def moved(self, dx: float, dy: float) -> Rect:
        """The same rectangle elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A finished layout.

    Attributes:
        rects: where each item lies.
        routes: the points of each edge, from top to bottom.
        labels: centre of each label.
    """

    width: float
    height: float
    rects: Mapping[str, Rect]
    routes: Mapping[str, Route]
    labels: Mapping[str, Point]
