"""Find the payloads that hold some items of a value: results of chunks stay where they are and are joined by the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace_events.engine.events import Payload, Piece
from headrace_events.engine.state import Open, SegmentState
from headrace_events.engine.wiring import RUN, Origin


class Undecidable(Exception):
    """Raised when an event contradicts the plan; the run ends with an ``internal`` failure that says why."""


@dataclass(frozen=True, slots=True)
class Values:
    """All values of a run that are there: its inputs, and the results of its complete segments."""

    inputs: Sequence[Payload | None]
    segments: Sequence[SegmentState | None]

    def ready(self, origin: Origin) -> bool:
        """Whether the whole value is there."""
        if origin.segment == RUN:
            return True
        segment = self.segments[origin.segment]
        return segment is not None and segment.missing == 0

    def items(self, origin: Origin) -> int:
        """How many items the value has."""
        segment = self._segment(origin)
        return segment.items if segment and segment.mapped else self._payload(origin, 0).items

    def whole(self, origin: Origin) -> tuple[Piece, ...]:
        """All items of the value."""
        return self.cut(origin, 0, self.items(origin))

    def cut(self, origin: Origin, start: int, stop: int) -> tuple[Piece, ...]:
        """The items from ``start`` up to ``stop``; of an empty range no piece."""
        if stop <= start:
            return ()
        segment = self._segment(origin)
        if not segment or not segment.mapped:
            return (Piece(payload=self._payload(origin, 0), start=start, stop=stop),)
        return tuple(
            self._part(origin, segment, chunk, start, stop)
            for chunk in range(start // segment.size, -(-stop // segment.size))
        )

    def _part(self, origin: Origin, segment: SegmentState, chunk: int, start: int, stop: int) -> Piece:
        """What one chunk holds of the items from ``start`` up to ``stop``."""
        first, last = segment.bounds(chunk)
        payload = self._payload(origin, chunk)
        return Piece(payload=payload, start=max(start, first) - first, stop=min(stop, last) - first)

    def _segment(self, origin: Origin) -> SegmentState | None:
        return None if origin.segment == RUN else self.segments[origin.segment]

    def _payload(self, origin: Origin, chunk: int) -> Payload:
        if (segment := self._segment(origin)) is not None:
            slot = segment.slots[chunk]
            if isinstance(slot, Open):
                raise Undecidable(f"a value was taken before chunk {chunk} of it was there")
            return slot[origin.place]
        if (payload := self.inputs[origin.place]) is None:
            raise Undecidable(f"input {origin.place} of the run did not come")
        return payload
