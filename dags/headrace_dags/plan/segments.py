"""Join members into segments: models that no rule keeps apart become one ensemble on one server. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from headrace_dags.graph import Resources
from headrace_dags.plan.cuts import SEGMENT_RULES, Place, Why, slice_full
from headrace_dags.plan.grouping import Arrival, Grouping, Groups
from headrace_dags.plan.members import Fused, arrivals
from headrace_dags.plan.model import Target
from headrace_dags.plan.slices import in_turn, side_by_side
from headrace_dags.plan.wiring import Wiring


@dataclass(frozen=True, slots=True)
class MappedParts:
    """What a mapper does with the members of its segment; those that are in neither stand beside it in an ensemble.

    Attributes:
        inline: numbers of the members that run in its process, in order.
        calls: what it calls for items: the members of each call, in order.
    """

    inline: tuple[int, ...]
    calls: tuple[tuple[int, ...], ...]

    @property
    def members(self) -> tuple[int, ...]:
        """All of them."""
        return (*self.inline, *(member for call in self.calls for member in call))


@dataclass(frozen=True, slots=True)
class Joined:
    """The segments of a graph.

    Attributes:
        places: where and how often each node runs, by the node's number.
        members: groups of node numbers.
        groups: the segments: groups of member numbers.
        needs: what one instance of each segment needs.
        inline: the joins that are decided inside a member.
        mappings: what is mapped inside a segment, by the segment's number.
    """

    places: tuple[Place, ...]
    members: Groups
    groups: Groups
    needs: tuple[Resources, ...]
    inline: frozenset[str]
    mappings: Mapping[int, MappedParts] = field(default_factory=lambda: MappingProxyType({}))


def join(wiring: Wiring, target: Target, fused: Fused) -> Joined:
    """Join the members, walking them in topological order: each joins the segments of its producers where it may."""
    places = _fed(wiring, fused)
    room = {each.name: each.gpu_memory_bytes for each in target.slices}
    grouping = Grouping(SEGMENT_RULES)
    needs: dict[int, Resources] = {}
    for numbers in fused.groups.items:
        own = in_turn(places[number].needs for number in numbers)
        reaching = _arrivals(wiring, fused.groups, places, numbers)
        fits = _Fit(own, room.get(places[numbers[0]].slice))
        refused = fits.refuse(grouping.proposed(reaching), needs, reaching, grouping)
        needs[grouping.add(reaching, refused)] = fits.needs
    groups = grouping.result()
    found = tuple(needs[grouping.root(items[0])] for items in groups.items)
    return Joined(places, fused.groups, groups, found, fused.inline)


class _Fit:
    """What a member needs together with the segments that it joins, while that fits on the slice."""

    def __init__(self, needs: Resources, room_bytes: int | None) -> None:
        self.needs = needs
        self._room_bytes = room_bytes

    def refuse(
        self, roots: Sequence[int], needs: dict[int, Resources], arrivals: Sequence[Arrival], grouping: Grouping
    ) -> dict[int, Why]:
        """Add the needs of the segments ``roots``; gives those that no longer fit, and why."""
        refused: dict[int, Why] = {}
        for root in roots:
            both = side_by_side((self.needs, needs[root]))
            if self._room_bytes is None or both.gpu_memory_bytes <= self._room_bytes:
                self.needs = both
                continue
            edge = next(edge for item, edge in arrivals if grouping.root(item) == root)
            refused[root] = slice_full(edge, both.gpu_memory_bytes, self._room_bytes)
        return refused


def _fed(wiring: Wiring, fused: Fused) -> tuple[Place, ...]:
    """The places, with what is known of members now: whether each has an input."""
    member = fused.groups.of_item
    fed = {
        member[number]
        for number, (node, links) in enumerate(zip(wiring.graph.nodes, wiring.links, strict=True))
        if any(not use.node for use in node.uses()) or any(member[link.producer] != member[number] for link in links)
    }
    return tuple(replace(place, fed=member[number] in fed) for number, place in enumerate(fused.places))


def _arrivals(wiring: Wiring, members: Groups, places: Sequence[Place], numbers: Sequence[int]) -> list[Arrival]:
    return [
        (members.of_item[producer], edge)
        for number in numbers
        for producer, edge in arrivals(wiring, wiring.links[number], places[number], places)
        if members.of_item[producer] != members.of_item[number]
    ]
