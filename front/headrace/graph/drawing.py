"""What a picture of a graph shows, as data: boxes, links and groups. Knows neither graphs nor pixels of a format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BoxKind = Literal["input", "node", "join", "output"]
Weight = Literal["one", "many", "mapped"]
"""How many items a link carries: one, many taken as a whole, or many of which each is a call."""
Tone = Literal["plain", "good", "bad", "idle"]


@dataclass(frozen=True, slots=True)
class Note:
    """What a run adds to a box or group: a few words and how it went."""

    text: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Box:
    """An input or output of the dag, a node, or a join, which runs no step.

    Attributes:
        id: unique among the boxes.
        title: the name.
        subtitle: a second, quieter line; empty for none.
        hint: what a pointer over the box shows.
    """

    id: str
    kind: BoxKind
    title: str
    subtitle: str = ""
    hint: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Link:
    """A value on its way from box ``tail`` to box ``head``."""

    tail: str
    head: str
    label: str = ""
    weight: Weight = "one"


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes that are served together."""

    id: str
    title: str
    boxes: tuple[str, ...]
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn of one graph."""

    title: str
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    groups: tuple[Group, ...] = ()
