"""The pure core: an event changes a run's state and says what is to be done. No clock, no randomness, no I/O."""

from __future__ import annotations

from headrace_events.engine.ending import cancel, contradict, expire
from headrace_events.engine.events import Cancel, Command, Event, Failed, Result, Submitted, TimerFired
from headrace_events.engine.pieces import Undecidable
from headrace_events.engine.results import keep
from headrace_events.engine.retry import give_up_or_wait, try_again
from headrace_events.engine.state import VERSION, Decision, RunState
from headrace_events.engine.submit import DEADLINE, begin, blank
from headrace_events.engine.wiring import Wiring


class OtherRules(ValueError):
    """Raised for a run that began under rules this release does not hold."""


def decide(
    state: RunState | None, event: Event, at_s: float, wiring: Wiring
) -> tuple[RunState | None, tuple[Command, ...]]:
    """Fold one event.

    The same arguments give the same answer on any machine. Whatever comes twice, too late, or for a task that does not
    exist changes nothing and commands nothing. A run gets exactly one :class:`Outcome`.

    Args:
        state: what the events before it made; ``None`` before the run is submitted.
        event: as the inbox gave it; inline payloads carry the offset of the event that holds them.
        at_s: the log's time of the event's append, in Unix seconds.
        wiring: of the plan the run is pinned to.

    Raises:
        OtherRules: the state was begun by rules of another version.
    """
    if state is None:
        return _first(event, at_s, wiring)
    if state.version != VERSION:
        raise OtherRules(f"run {state.run} is folded by rules {state.version}, this release holds {VERSION}")
    if state.ended:
        return state, ()
    try:
        return _fold(state, event, at_s, wiring)
    except Undecidable as error:
        return contradict(state, str(error))


def _first(event: Event, at_s: float, wiring: Wiring) -> tuple[RunState | None, tuple[Command, ...]]:
    if not isinstance(event, Submitted):
        return None, ()
    state = blank(event, at_s, wiring)
    try:
        return begin(state, event, wiring)
    except Undecidable as error:
        return contradict(state, str(error))


def _fold(state: RunState, event: Event, at_s: float, wiring: Wiring) -> Decision:
    match event:
        case Result():
            return keep(state, event, wiring)
        case Failed():
            return give_up_or_wait(state, event, at_s, wiring)
        case TimerFired(name=name) if name == DEADLINE:
            return (state, ()) if wiring.deadline_s is None else expire(state, wiring.deadline_s)
        case TimerFired():
            return try_again(state, event, wiring)
        case Cancel(reason=reason):
            return cancel(state, reason)
        case _:
            return state, ()
