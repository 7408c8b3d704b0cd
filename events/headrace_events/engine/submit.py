"""The first event of a run: what it brings, and what can begin at once."""

from __future__ import annotations

from headrace_events.engine.ending import fail
from headrace_events.engine.events import SetTimer, Submitted
from headrace_events.engine.pieces import Undecidable
from headrace_events.engine.ready import advance
from headrace_events.engine.state import VERSION, Decision, RunState
from headrace_events.engine.wiring import Wiring
from headrace_serving.failure import TaskFailure

DEADLINE = "deadline"
"""Name of the timer that ends a run."""


def blank(event: Submitted, at_s: float, wiring: Wiring) -> RunState:
    """A run of which nothing has begun."""
    deadline_at_s = None if wiring.deadline_s is None else at_s + wiring.deadline_s
    inputs = tuple(event.inputs.get(name) for name in wiring.inputs)
    return RunState(event.run, VERSION, deadline_at_s, inputs, (None,) * len(wiring.segments), len(wiring.segments))


def begin(state: RunState, event: Submitted, wiring: Wiring) -> Decision:
    """Open what needs nothing but the run's inputs; set the deadline's timer.

    Raises:
        Undecidable: the run is pinned to another plan.
    """
    if event.plan != wiring.digest:
        raise Undecidable(f"the run is pinned to plan {event.plan[:12]}, this is {wiring.digest[:12]}")
    if missing := [wiring.inputs[place] for place in wiring.needed if state.inputs[place] is None]:
        return fail(
            state, TaskFailure(kind="input", port=missing[0], message=f"no input {', '.join(missing)} was given")
        )
    state, commands = advance(state, range(len(wiring.segments)), wiring)
    if state.ended or state.deadline_at_s is None:
        return state, commands
    return state, (SetTimer(name=DEADLINE, at_s=state.deadline_at_s), *commands)
