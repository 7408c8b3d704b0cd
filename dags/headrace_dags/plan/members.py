"""Fuse nodes into members: neighbouring functions that no rule keeps apart run inline, in order, in one process. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from headrace_dags.graph import Node, Use
from headrace_dags.plan.axes import MOST_INLINE, Axes, mapped_use, whole_uses
from headrace_dags.plan.cuts import HOP_RULES, MODEL_RULES, Place
from headrace_dags.plan.grouping import Arrival, Grouping, Groups
from headrace_dags.plan.model import Target
from headrace_dags.plan.slices import NO_SLICE, slice_for
from headrace_dags.plan.wiring import Link, Wiring


@dataclass(frozen=True, slots=True)
class Fused:
    """The members of a graph.

    Attributes:
        places: where and how often each node runs, by the node's number.
        groups: the members: groups of node numbers.
    """

    places: tuple[Place, ...]
    groups: Groups


def fuse(wiring: Wiring, target: Target) -> Fused:
    """Fuse the nodes, walking them in topological order: each joins the members of its producers where it may."""
    grouping = Grouping((*HOP_RULES, *MODEL_RULES))
    places: list[Place] = []
    for node, links in zip(wiring.graph.nodes, wiring.links, strict=True):
        found = slice_for(node.step.resources, target)
        once = Place(node, found.name if found else NO_SLICE)
        axis = chunk_axis(node, wiring.axes)
        inline = axis is None or _inlines(links, once, places, grouping)
        place = once if inline else replace(once, axis=axis, beside=_beside(node, axis, wiring.axes))
        grouping.add(_arrivals(links, place, places))
        places.append(place)
    return Fused(tuple(places), grouping.result())


def chunk_axis(node: Node, axes: Axes) -> Use | None:
    """The axis whose chunks would feed ``node``.

    ``None`` where it runs once, maps over a constant, or takes one value both item by item and whole: a chunk of a value
    and all of it cannot travel under one name.
    """
    use = mapped_use(node)
    if use is None or use in whole_uses(node):
        return None
    return axes.of_node(node)


def _inlines(links: Sequence[Link], once: Place, places: Sequence[Place], grouping: Grouping) -> bool:
    """Whether a mapped node can run once a run, in the process that makes the items it maps over."""
    mapped = next((link for link in links if link.mapped), None)
    if mapped is None or mapped.most is None or mapped.most > MOST_INLINE or places[mapped.producer].axis is not None:
        return False
    return grouping.root(mapped.producer) in grouping.proposed(_arrivals(links, once, places))


def _arrivals(links: Sequence[Link], place: Place, places: Sequence[Place]) -> list[Arrival]:
    return [(link.producer, link.edge(places[link.producer], place)) for link in links]


def _beside(node: Node, axis: Use | None, axes: Axes) -> frozenset[Use]:
    """The values of its own axis that a mapped node takes whole."""
    return frozenset(use for use in whole_uses(node) if axis and axes.of_value.get(use) == axis)
