"""Whom a run still waits for: what is of no use any more, as the slower value of a ``first``, need not go on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace_events.engine.state import SegmentState, Unit
from headrace_events.engine.wiring import RUN, Wiring


def unwanted(units: Sequence[Unit], wiring: Wiring) -> Iterator[int]:
    """The numbers of units that have not come to their end, and that neither an output nor a unit without a choice waits for."""
    wanted = _wanted(units, wiring)
    return (number for number, unit in enumerate(units) if number not in wanted and _goes_on(unit))


def _goes_on(unit: Unit) -> bool:
    return unit is None or (isinstance(unit, SegmentState) and unit.missing > 0)


def _wanted(units: Sequence[Unit], wiring: Wiring) -> set[int]:
    """The outputs, and whatever leads to them through units that are open."""
    found: set[int] = set()
    waiting = [origin.unit for _, origin in wiring.outputs if origin.unit != RUN]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += wiring.feeders[number] if units[number] is None else ()
    return found
