"""The values that a recorded run holds, by the events that made them. Pure."""

from __future__ import annotations

from headrace_dags.graph import Use
from headrace_events.engine.events import Piece
from headrace_events.engine.pieces import Values
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.replay import fold
from headrace_events.engine.state import RunState
from headrace_events.engine.wiring import origins, wire


class Known:
    """The values of a run as far as its record goes.

    Args:
        record: of the run.
    """

    def __init__(self, record: RunRecord) -> None:
        wiring = wire(record.plan)
        self._state: RunState | None = None
        for state, _ in fold(record.events, wiring):
            self._state = state
        self._origins = origins(record.plan)
        self._numbers = wiring.numbers
        units = self._state.units if self._state else ()
        self._values = Values(self._state.inputs if self._state else (), units, wiring)

    def pieces(self, use: Use, segment: str = "") -> tuple[Piece, ...] | None:
        """Where the items of a value lie; ``None`` where it is not there.

        Args:
            use: the value.
            segment: the segment that takes it item by item, if one does: only the items that it was given are wanted.
        """
        origin = self._origins.get(use)
        if self._state is None or origin is None or self._values.status(origin) != "ready":
            return None
        if origin.unit < 0 and self._state.inputs[origin.place] is None:
            return None
        taker = self._state.segment(self._numbers[segment]) if segment in self._numbers else None
        if taker and taker.chosen is not None:
            return self._values.pick(origin, taker.chosen)
        return self._values.whole(origin)
