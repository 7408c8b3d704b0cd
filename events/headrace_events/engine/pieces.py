"""Find the payloads that hold some items of a value: results of chunks stay where they are and are joined by the reader."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from headrace_events.engine.events import Payload, Piece
from headrace_events.engine.state import Gone, JoinState, Open, SegmentState, Unit
from headrace_events.engine.wiring import RUN, Origin, WiredJoin, Wiring

Status = Literal["waiting", "ready", "failed", "unneeded"]


class Undecidable(Exception):
    """Raised when an event contradicts the plan; the run ends with an ``internal`` failure that says why."""


@dataclass(frozen=True, slots=True)
class Values:
    """All values of a run that are there: its inputs, the results of its complete segments, and what joins chose of them.

    Made anew for each event; within one event several gates ask for the same choices.
    """

    inputs: Sequence[Payload | None]
    units: Sequence[Unit]
    wiring: Wiring
    _taken: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]], init=False)

    def status(self, origin: Origin) -> Status:
        """Whether the whole value is there, or will never be."""
        if origin.unit == RUN:
            return "ready"
        unit = self.units[origin.unit]
        if isinstance(unit, Gone):
            return "failed" if unit.failure else "unneeded"
        if unit is None or (isinstance(unit, SegmentState) and unit.missing):
            return "waiting"
        return "ready"

    def gone(self, origin: Origin) -> Gone | None:
        """Why a value will never be there."""
        unit = None if origin.unit == RUN else self.units[origin.unit]
        return unit if isinstance(unit, Gone) else None

    def items(self, origin: Origin) -> int:
        """How many items the value has, those included that were not made."""
        unit = self._unit(origin)
        if isinstance(unit, JoinState):
            return self._joined_items(origin, unit)
        if unit is None or not unit.mapped:
            return self._payload(origin, 0).items
        return unit.axis

    def _joined_items(self, origin: Origin, unit: JoinState) -> int:
        join = self.wiring.join(origin.unit)
        if join.kind == "quorum":
            return len(join.choices)
        if unit.per_item:
            return len(unit.chosen)
        return 1 if unit.chosen[0] < 0 else self.items(join.choices[unit.chosen[0]])

    def whole(self, origin: Origin) -> tuple[Piece, ...]:
        """All items of the value."""
        return self.pick(origin, range(self.items(origin)))

    def pick(self, origin: Origin, places: Sequence[int]) -> tuple[Piece, ...]:
        """Some items of the value by their places on its axis, ascending; an item that was not made is missing."""
        unit = self._unit(origin)
        if isinstance(unit, JoinState):
            return tuple(self._joined(origin, unit, places))
        if unit is not None and unit.mapped:
            return tuple(self._chunked(origin, unit, places))
        payload = self._payload(origin, 0)
        return tuple(Piece(payload=payload, start=start, stop=stop) for start, stop in runs(places))

    def keys(self, origin: Origin) -> list[str | None]:
        """The items of a value as the keys that joins choose by; ``None`` for one that was not made."""
        found: list[str | None] = []
        for piece in self.whole(origin):
            known = piece.payload.keys if piece.payload else (None,) * piece.stop
            found += known[piece.start : piece.stop]
        return found

    def taken(self, join: WiredJoin) -> tuple[int, ...]:
        """Which choice a join takes for each item of the value it decides by, which is there."""
        assert join.on
        if join.name not in self._taken:
            self._taken[join.name] = tuple(map(join.place, self.keys(join.on)))
        return self._taken[join.name]

    def _joined(self, origin: Origin, unit: JoinState, places: Sequence[int]) -> Iterator[Piece]:
        """The items that a join chose: neighbours that come from the same value are found together."""
        join = self.wiring.join(origin.unit)
        if join.kind == "quorum":
            for place in places:
                yield from self.whole(join.choices[place]) if place in unit.chosen else (_missing(1),)
        elif unit.per_item:
            for chosen, some in groupby(places, key=unit.chosen.__getitem__):
                yield from self._chosen(join.choices, join.mapped, chosen, list(some))
        elif unit.chosen[0] < 0:
            yield from (_missing(len(places)),) if places else ()
        else:
            yield from self.pick(join.choices[unit.chosen[0]], places)

    def _chosen(
        self, choices: Sequence[Origin], mapped: Sequence[bool], chosen: int, places: Sequence[int]
    ) -> Iterable[Piece]:
        if chosen < 0:
            return (_missing(len(places)),)
        if mapped[chosen]:
            return self.pick(choices[chosen], places)
        return self.whole(choices[chosen]) * len(places)

    def _chunked(self, origin: Origin, segment: SegmentState, places: Sequence[int]) -> Iterator[Piece]:
        """Items of a value that lies in chunks."""
        if segment.chosen is None:
            positions: Sequence[int] = places
        elif len(places) == segment.items and tuple(places) == segment.chosen:
            positions = range(segment.items)
        else:
            positions = [_position(segment.chosen, place) for place in places]
        for start, stop in runs(positions):
            if start < 0:
                yield _missing(stop - start)
            else:
                yield from self._cut(origin, segment, start, stop)

    def _cut(self, origin: Origin, segment: SegmentState, start: int, stop: int) -> Iterator[Piece]:
        for chunk in range(start // segment.size, -(-stop // segment.size)):
            first, last = segment.bounds(chunk)
            payload = self._payload(origin, chunk)
            yield Piece(payload=payload, start=max(start, first) - first, stop=min(stop, last) - first)

    def _unit(self, origin: Origin) -> SegmentState | JoinState | None:
        unit = None if origin.unit == RUN else self.units[origin.unit]
        if isinstance(unit, Gone):
            raise Undecidable(f"a value of unit {origin.unit} was taken, which gives none")
        return unit

    def _payload(self, origin: Origin, chunk: int) -> Payload:
        if isinstance(segment := self._unit(origin), SegmentState):
            slot = segment.slots[chunk]
            if isinstance(slot, Open):
                raise Undecidable(f"a value was taken before chunk {chunk} of it was there")
            return slot[origin.place]
        payload = self.inputs[origin.place] if origin.unit == RUN else None
        if payload is None:
            raise Undecidable(f"input {origin.place} of the run did not come")
        return payload


def runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Numbers as ranges, from and up to, in order; a negative one stands for what is missing."""
    if isinstance(places, range):
        if places:
            yield places.start, places.stop
        return
    for _, some in groupby(enumerate(places), key=lambda each: each[1] - each[0] if each[1] >= 0 else "missing"):
        found = [place for _, place in some]
        yield (-len(found), 0) if found[0] < 0 else (found[0], found[-1] + 1)


def _position(chosen: Sequence[int], place: int) -> int:
    """Where a place of the axis lies among the chosen ones; -1 where it was not chosen."""
    position = bisect_left(chosen, place)
    return position if position < len(chosen) and chosen[position] == place else -1


def _missing(items: int) -> Piece:
    return Piece(payload=None, start=0, stop=items)
