"""What a mapper does with the members of its segment: which it runs itself, which it calls for items. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from headrace_dags.axes import mapped_uses
from headrace_dags.plan.cuts import Edge, Place, Why, no_input, path_between, waits_for
from headrace_dags.plan.segments import Joined, MappedParts
from headrace_dags.plan.wiring import Wiring


class Parting:
    """Takes segments apart.

    Args:
        wiring: the graph.
        joined: its segments before any of them is given a mapper.
    """

    def __init__(self, wiring: Wiring, joined: Joined) -> None:
        self._wiring = wiring
        self._joined = joined

    def is_chunked(self, members: Sequence[int]) -> bool:
        """Whether members run once a chunk."""
        return self._first(members[0]).axis is not None

    def maps_inputs(self, members: Sequence[int]) -> bool:
        """Whether members map over an input of the dag."""
        nodes = (place.node for member in members for place in self._places(member))
        return any(not use.node for node in nodes for use in mapped_uses(node))

    def parts(self, members: Sequence[int], edge: Edge) -> MappedParts | Why:
        """What a mapper does with ``members``, ascending; or why it cannot hold all of them.

        Args:
            members: of the segments that are to be one.
            edge: what brings the last of them in; named in the reason.
        """
        chunked = [member for member in members if self.is_chunked((member,))]
        calls = tuple(self._calls(chunked))
        called = {member for call in calls for member in call}
        near = self._near(chunked)
        own = [member for member in members if member not in called and self._is_plain(member)]
        own = [member for member in own if member in chunked or member in near]
        inline = tuple(member for member in own if self._first(member).needs == self._first(own[0]).needs)
        lone = [(member,) for member in chunked if member not in called and member not in inline]
        found = MappedParts(inline, (*calls, *lone))
        return self._misfit(found, members, edge) or found

    def _calls(self, chunked: Iterable[int]) -> Iterable[tuple[int, ...]]:
        """The models among mapped members. Several of one segment are called together: they overlap, as an ensemble."""
        segments: dict[int, list[int]] = {}
        for member in chunked:
            segments.setdefault(self._joined.groups.of_item[member], []).append(member)
        for members in segments.values():
            models = [member for member in members if not self._is_plain(member)]
            if models:
                yield tuple(members if len(models) > 1 else models)

    def _near(self, chunked: Iterable[int]) -> set[int]:
        """The members that feed mapped ones or take from them."""
        mapped = set(chunked)
        feeding = {before for member in mapped for before in self._before[member]}
        return feeding | {member for member, before in enumerate(self._before) if before & mapped}

    def _misfit(self, parts: MappedParts, members: Sequence[int], edge: Edge) -> Why | None:
        """Why there can be no such mapper: its calls would wait for what they do not need, it would wait for itself, or
        nothing would start one of the models beside it.
        """
        core = set(parts.members)
        if late := self._late(parts, core):
            return waits_for(edge, self._first(late), self._first(parts.calls[0][0]))
        beside = [member for member in members if member not in core]
        if not beside:
            return None
        below: set[int] = set()
        for member in beside:
            if self._before[member] & (core | below):
                below.add(member)
        between = sorted(before for member in core for before in self._before[member] & below)
        if between:
            return path_between(edge, self._first(between[0]))
        idle = next((self._first(member) for member in beside if not self._first(member).fed), None)
        if idle is None and not self._is_fed(core):
            idle = self._first(min(core))
        return Why("no-input", no_input(Edge(idle, edge.consumer, edge.use))) if idle else None

    def _late(self, parts: MappedParts, core: set[int]) -> int | None:
        """A member that the mapper takes from, and that one of its calls could do without."""
        feeding = sorted({before for member in core for before in self._before[member]} - core)
        heads = [call[0] for call in parts.calls]
        return next((member for member in feeding if not all(self._above[head] >> member & 1 for head in heads)), None)

    def _is_fed(self, core: set[int]) -> bool:
        """Whether a mapper takes anything from outside."""
        nodes = (place.node for member in core for place in self._places(member))
        return any(not use.node for node in nodes for use in node.uses()) or any(
            not self._before[member] <= core for member in core
        )

    def _is_plain(self, member: int) -> bool:
        return all(place.is_plain for place in self._places(member))

    def _first(self, member: int) -> Place:
        return self._joined.places[self._joined.members.items[member][0]]

    def _places(self, member: int) -> Sequence[Place]:
        return [self._joined.places[number] for number in self._joined.members.items[member]]

    @cached_property
    def _before(self) -> Sequence[set[int]]:
        """For each member the members that feed it."""
        of_item = self._joined.members.of_item
        return [
            {of_item[link.producer] for number in numbers for link in self._wiring.links[number]} - {member}
            for member, numbers in enumerate(self._joined.members.items)
        ]

    @cached_property
    def _above(self) -> Sequence[int]:
        """For each member all that come before it, as the bits of one integer."""
        found: list[int] = []
        for before in self._before:
            above = 0
            for member in before:
                above |= found[member] | 1 << member
            found.append(above)
        return found
