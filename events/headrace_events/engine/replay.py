"""Fold a recorded inbox through ``decide`` again: the same events give the same commands and the same outcome. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headrace_events.engine.decide import OtherRules, decide
from headrace_events.engine.events import Command, Outcome
from headrace_events.engine.readback import Recorded, RunRecord
from headrace_events.engine.state import VERSION, RunState
from headrace_events.engine.wiring import Wiring, wire


def fold(events: Iterable[Recorded], wiring: Wiring) -> Iterator[tuple[RunState | None, tuple[Command, ...]]]:
    """The state after each event, and what was to be done then."""
    state: RunState | None = None
    for each in events:
        state, commands = decide(state, each.event, each.at_s, wiring)
        yield state, commands


def replay(record: RunRecord) -> Outcome | None:
    """The outcome that the recorded events lead to; ``None`` where they end before it.

    Raises:
        OtherRules: the run was folded by rules of another version.
    """
    if record.rules != VERSION:
        raise OtherRules(f"run {record.run} was folded by rules {record.rules}, this release holds {VERSION}")
    steps = fold(record.events, wire(record.plan))
    return next((each for _, commands in steps for each in commands if isinstance(each, Outcome)), None)
