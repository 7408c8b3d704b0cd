"""Fuse nodes into members: neighbouring functions that no rule keeps apart run inline, in order, in one process. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from headrace_dags.axes import MOST_INLINE, Axes, mapped_uses, whole_uses
from headrace_dags.demand import joins_of, without
from headrace_dags.graph import Node, Resources, Use
from headrace_dags.plan.cuts import HOP_RULES, MODEL_RULES, Place
from headrace_dags.plan.grouping import Arrival, Grouping, Groups
from headrace_dags.plan.model import Target
from headrace_dags.plan.slices import NO_SLICE, slice_for
from headrace_dags.plan.wiring import Link, Wiring

_WITHOUT_NEEDS = ("field", "join")


@dataclass(frozen=True, slots=True)
class Fused:
    """The members of a graph.

    Attributes:
        places: where and how often each node runs, by the node's number.
        groups: the members: groups of node numbers; each join that the engine decides is a group by itself.
        inline: the joins that are decided inside a member.
    """

    places: tuple[Place, ...]
    groups: Groups
    inline: frozenset[str]


def fuse(wiring: Wiring, target: Target) -> Fused:
    """Fuse the nodes. A switch stays inside a member where that holds all it chooses from, and all that only it needs."""
    inline = frozenset(node.name for node in wiring.graph.nodes if _may_stay(node))
    while True:
        fused = _fused(wiring, target, inline)
        torn = {name for name in inline if not _whole(name, wiring, fused)}
        if not torn:
            return fused
        inline -= torn


def _may_stay(node: Node) -> bool:
    """Whether a join could be decided where its values are made: all of them are made by steps, and none is waited for."""
    return node.join is not None and node.join.decides and all(use.node for use in node.uses())


def _whole(name: str, wiring: Wiring, fused: Fused) -> bool:
    """Whether all that feeds a join, and all that runs only for it, lies in one member."""
    node = wiring.graph.by_name[name]
    gated = [other for other, demand in wiring.gates.demands.items() if name in joins_of(demand)]
    names = {name, *gated, *(use.node for use in node.uses())}
    return len({fused.groups.of_item[wiring.numbers[each]] for each in names}) == 1


def _fused(wiring: Wiring, target: Target, inline: frozenset[str]) -> Fused:
    """Walk the nodes in order: each joins the members of its producers where it may."""
    grouping = Grouping((*HOP_RULES, *MODEL_RULES))
    places: list[Place] = []
    for node, links in zip(wiring.graph.nodes, wiring.links, strict=True):
        needs = _needs(node, links, places)
        found = slice_for(needs, target)
        once = Place(
            node,
            found.name if found else NO_SLICE,
            needs=needs,
            demand=without(wiring.gates.demands[node.name], inline),
            is_apart=node.join is not None and node.name not in inline,
            exposure=wiring.exposures[node.name],
            stream=wiring.tails[node.name],
            cached=_cached(node, links, places),
        )
        axis = chunk_axis(node, wiring.axes)
        stays = axis is None or _inlines(wiring, links, once, places, grouping)
        place = once if stays else replace(once, axis=axis, beside=_beside(node, axis, wiring.axes))
        grouping.add(list(arrivals(wiring, links, place, places)))
        places.append(place)
    return Fused(tuple(places), grouping.result(), inline)


def _needs(node: Node, links: Sequence[Link], places: Sequence[Place]) -> Resources:
    """What one instance needs; what only passes a value on needs what the step before it does."""
    if node.step.form in _WITHOUT_NEEDS and links:
        return places[links[0].producer].needs
    return node.step.resources


def _cached(node: Node, links: Sequence[Link], places: Sequence[Place]) -> bool:
    """Whether results are kept; what only passes a value on is kept with the step before it."""
    if node.step.form in _WITHOUT_NEEDS and links:
        return places[links[0].producer].cached
    return node.options.cache


def chunk_axis(node: Node, axes: Axes) -> Use | None:
    """The axis whose chunks would feed ``node``.

    ``None`` where it runs once, maps over a constant, or takes one value both item by item and whole: a chunk of a value
    and all of it cannot travel under one name.
    """
    uses = mapped_uses(node)
    if not uses or len(uses) < len(node.mapped) or not set(uses).isdisjoint(whole_uses(node)):
        return None
    return axes.of_node(node)


def _inlines(wiring: Wiring, links: Sequence[Link], once: Place, places: Sequence[Place], grouping: Grouping) -> bool:
    """Whether a mapped node can run once a run, in the process that makes the items it maps over."""
    mapped = [link for link in links if link.mapped]
    if len(mapped) < len(set(mapped_uses(once.node))) or any(_many(link, places) for link in mapped):
        return False
    proposed = grouping.proposed(list(arrivals(wiring, links, once, places)))
    return all(grouping.root(link.producer) in proposed for link in mapped)


def _many(link: Link, places: Sequence[Place]) -> bool:
    """Whether the items of a link are too many for one process, or come in chunks already."""
    return link.most is None or link.most > MOST_INLINE or places[link.producer].axis is not None


def arrivals(wiring: Wiring, links: Sequence[Link], place: Place, places: Sequence[Place]) -> Iterator[Arrival]:
    """The edges that reach a node: from those that feed it, and from those that decide whether it runs."""
    for link in links:
        yield link.producer, link.edge(places[link.producer], place)
    for join in sorted(joins_of(place.demand)):
        on = wiring.graph.by_name[join].on
        if on and on.node:
            number = wiring.numbers[on.node]
            yield number, Link(number, on, mapped=False, axis=None, most=None).edge(places[number], place)


def _beside(node: Node, axis: Use | None, axes: Axes) -> frozenset[Use]:
    """The values of its own axis that a mapped node takes whole."""
    return frozenset(use for use in whole_uses(node) if axis and axes.of_value.get(use) == axis)
