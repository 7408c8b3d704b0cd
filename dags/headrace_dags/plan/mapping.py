"""Join segments around a mapped axis into one whose mapper drives it, where that pays and no rule objects. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from headrace_dags.axes import MOST_INLINE
from headrace_dags.graph import Resources
from headrace_dags.plan.cuts import MAPPER_RULES, Edge, Why, slice_full
from headrace_dags.plan.grouping import Arrival, Grouping, Groups
from headrace_dags.plan.mappedparts import Parting
from headrace_dags.plan.members import arrivals
from headrace_dags.plan.model import Target
from headrace_dags.plan.segments import Joined, MappedParts
from headrace_dags.plan.slices import side_by_side
from headrace_dags.plan.wiring import Wiring


def with_mappers(wiring: Wiring, target: Target, joined: Joined) -> Joined:
    """The segments, those joined that one mapper can drive: walked in order, each joins those that feed it where it may."""
    if not any(_is_bounded(link.most) for links in wiring.links for link in links if link.mapped):
        return joined
    walk = _Walk(wiring, target, joined)
    for number in range(len(joined.groups.items)):
        walk.add(number)
    return walk.result()


@dataclass(frozen=True, slots=True)
class _Group:
    """Segments that are joined so far.

    Attributes:
        members: the numbers of all their members.
        needs: what one instance needs.
        parts: what a mapper does; ``None`` where nothing is mapped inside.
    """

    members: tuple[int, ...]
    needs: Resources
    parts: MappedParts | None = None


class _Walk:
    """The state of one walk over the segments."""

    def __init__(self, wiring: Wiring, target: Target, joined: Joined) -> None:
        self._wiring = wiring
        self._joined = joined
        self._room = {each.name: each.gpu_memory_bytes for each in target.slices}
        self._parting = Parting(wiring, joined)
        self._grouping = Grouping(MAPPER_RULES)
        self._groups: dict[int, _Group] = {}
        self._asked: set[tuple[str, str]] = set()

    def add(self, number: int) -> None:
        """Add the next segment, joined with those before it that a mapper can hold together with it."""
        alone = _Group(self._joined.groups.items[number], self._joined.needs[number])
        reaching = list(self._arrivals(alone))
        self._asked |= {_names(edge) for item, edge in reaching if self._is_for_a_mapper(item, edge)}
        joins = self._joins(alone, reaching)
        grown, refused = self._grown(alone, joins, reaching)
        others = (root for root in self._grouping.proposed(reaching) if root not in joins)
        self._groups[self._grouping.add(reaching, {**refused, **dict.fromkeys(others, _NOTHING_MAPPED)})] = grown

    def result(self) -> Joined:
        """The segments, and what their mappers do. The reasons of before stay where no mapper was in question."""
        walked = self._grouping.result()
        groups = [self._groups[self._grouping.root(items[0])] for items in walked.items]
        of_item = {member: number for number, group in enumerate(groups) for member in group.members}
        told = {
            names: why for names, why in walked.apart.items() if names in self._asked and why is not _NOTHING_MAPPED
        }
        return replace(
            self._joined,
            groups=Groups(
                tuple(group.members for group in groups),
                tuple(of_item[member] for member in range(len(of_item))),
                {**self._joined.groups.apart, **told},
            ),
            needs=tuple(group.needs for group in groups),
            mappings={number: group.parts for number, group in enumerate(groups) if group.parts},
        )

    def _arrivals(self, group: _Group) -> Iterator[Arrival]:
        """The edges that reach a segment, and the segments that they come from."""
        inside, places = set(group.members), self._joined.places
        for node in (node for member in group.members for node in self._joined.members.items[member]):
            for producer, edge in arrivals(self._wiring, self._wiring.links[node], places[node], places):
                member = self._joined.members.of_item[producer]
                if member not in inside:
                    yield self._joined.groups.of_item[member], edge

    def _is_for_a_mapper(self, item: int, edge: Edge) -> bool:
        return (edge.opens and _is_bounded(edge.most)) or self._groups[self._grouping.root(item)].parts is not None

    def _joins(self, alone: _Group, reaching: Sequence[Arrival]) -> Sequence[int]:
        """Roots of the groups that the segment would join: a mapper must hold all the items that it maps over, or all of
        the values that were made of them.
        """
        proposed = [root for root in self._grouping.proposed(reaching) if not self._is_fed_by_the_engine(root)]
        drives = [root for root in proposed if self._groups[root].parts]
        if not self._parting.is_chunked(alone.members):
            return proposed if drives else ()
        sources = {self._grouping.root(item) for item, edge in reaching if edge.mapped}
        opened = any(edge.opens for _, edge in reaching) or bool(drives)
        whole = len(sources) == 1 and sources <= set(proposed) and not self._parting.maps_inputs(alone.members)
        return proposed if whole and opened else ()

    def _is_fed_by_the_engine(self, root: int) -> bool:
        group = self._groups[root]
        return group.parts is None and self._parting.is_chunked(group.members)

    def _grown(
        self, alone: _Group, joins: Sequence[int], reaching: Sequence[Arrival]
    ) -> tuple[_Group, Mapping[int, Why]]:
        """The segment with the groups that it joins, and the groups among them that it cannot join, with the reasons."""
        if not joins:
            return alone, {}
        groups = [self._groups[root] for root in joins]
        members = tuple(sorted((*alone.members, *(member for group in groups for member in group.members))))
        needs = side_by_side((alone.needs, *(group.needs for group in groups)))
        edge = next(edge for item, edge in reaching if self._grouping.root(item) == joins[0])
        found = self._too_large(edge, needs) or self._parting.parts(members, edge)
        if isinstance(found, Why):
            return alone, dict.fromkeys(joins, found)
        if not found.calls:  # functions only: nothing to overlap with, and no reason to make a model of them
            return alone, dict.fromkeys(joins, _NOTHING_MAPPED)
        return _Group(members, needs, found), {}

    def _too_large(self, edge: Edge, needs: Resources) -> Why | None:
        room = self._room.get(edge.consumer.slice)
        if room is None or needs.gpu_memory_bytes <= room:
            return None
        return slice_full(edge, needs.gpu_memory_bytes, room)


_NOTHING_MAPPED = Why("", "")


def _is_bounded(most: int | None) -> bool:
    return most is not None and most <= MOST_INLINE


def _names(edge: Edge) -> tuple[str, str]:
    return edge.producer.name, edge.consumer.name
