"""The pure core: an event changes a run's state and says what is to be done. No clock, no randomness, no I/O."""

from __future__ import annotations

from headrace_events.engine.ending import cancel, contradict, expire, fail
from headrace_events.engine.events import Cancel, Command, Event, Failed, Result, SetTimer, Submitted, TimerFired
from headrace_events.engine.joins import WITHIN, expired
from headrace_events.engine.pieces import Undecidable
from headrace_events.engine.ready import advance, begin
from headrace_events.engine.results import keep
from headrace_events.engine.retry import give_up_or_wait, try_again
from headrace_events.engine.state import VERSION, Decision, RunState
from headrace_events.engine.wiring import Wiring
from headrace_serving.failure import TaskFailure

DEADLINE = "deadline"
"""Name of the timer that ends a run."""


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
    state = _blank(event, at_s, wiring)
    try:
        return _begin(state, event, at_s, wiring)
    except Undecidable as error:
        return contradict(state, str(error))


def _blank(event: Submitted, at_s: float, wiring: Wiring) -> RunState:
    """A run of which nothing has begun."""
    deadline_at_s = None if wiring.deadline_s is None else at_s + wiring.deadline_s
    inputs = tuple(event.inputs.get(name) for name in wiring.inputs)
    return RunState(event.run, VERSION, deadline_at_s, inputs, (None,) * (len(wiring.segments) + len(wiring.joins)))


def _begin(state: RunState, event: Submitted, at_s: float, wiring: Wiring) -> Decision:
    """Open what needs nothing but the run's inputs; set the deadline's timer."""
    if event.plan != wiring.digest:
        raise Undecidable(f"the run is pinned to plan {event.plan[:12]}, this is {wiring.digest[:12]}")
    if missing := [wiring.inputs[place] for place in wiring.needed if state.inputs[place] is None]:
        return fail(
            state, TaskFailure(kind="input", port=missing[0], message=f"no input {', '.join(missing)} was given")
        )
    state, commands = begin(state, at_s, wiring)
    if state.ended or state.deadline_at_s is None:
        return state, commands
    return state, (SetTimer(name=DEADLINE, at_s=state.deadline_at_s), *commands)


def _fold(state: RunState, event: Event, at_s: float, wiring: Wiring) -> Decision:
    match event:
        case Result():
            return keep(state, event, at_s, wiring)
        case Failed():
            return give_up_or_wait(state, event, at_s, wiring)
        case TimerFired():
            return _fired(state, event, at_s, wiring)
        case Cancel(reason=reason):
            return cancel(state, reason)
        case _:
            return state, ()


def _fired(state: RunState, event: TimerFired, at_s: float, wiring: Wiring) -> Decision:
    if event.name == DEADLINE:
        return (state, ()) if wiring.deadline_s is None else expire(state, wiring.deadline_s)
    if event.name.startswith(WITHIN):
        return _wait_no_longer(state, event.name, at_s, wiring)
    return try_again(state, event, wiring)


def _wait_no_longer(state: RunState, timer: str, at_s: float, wiring: Wiring) -> Decision:
    """The time of a join is over: it gives what it has, if it is open still."""
    for place, join in enumerate(wiring.joins):
        number = len(wiring.segments) + place
        if f"{WITHIN}{join.name}" == timer and number in state.clocks and state.units[number] is None:
            return advance(state.with_unit(number, expired(join)), join.consumers, at_s, wiring)
    return state, ()
