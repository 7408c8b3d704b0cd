"""Every way a run ends: exactly one outcome, after which nothing changes it."""

from __future__ import annotations

from dataclasses import replace

from headrace_events.engine.events import CancelTasks, Command, Outcome, TaskKey
from headrace_events.engine.pieces import Values
from headrace_events.engine.state import Decision, Ended, RunState, SegmentState
from headrace_events.engine.wiring import Wiring
from headrace_serving.failure import TaskFailure


def succeed(state: RunState, wiring: Wiring) -> Decision:
    """The outputs are there; what still runs is of no use any more."""
    values = Values(state.inputs, state.units, wiring)
    outputs = {name: values.whole(origin) for name, origin in wiring.outputs}
    outcome = Outcome(run=state.run, status="succeeded", outputs=outputs)
    busy = any(isinstance(unit, SegmentState) and unit.missing for unit in state.units)
    return _ended(state, "succeeded"), _stopping(outcome) if busy else (outcome,)


def fail(state: RunState, failure: TaskFailure, task: TaskKey | None = None) -> Decision:
    """A task failed for good."""
    outcome = Outcome(run=state.run, status="failed", failure=failure, task=task)
    return _ended(state, "failed"), _stopping(outcome)


def contradict(state: RunState, why: str) -> Decision:
    """An event and the plan do not fit together: our fault."""
    return fail(state, TaskFailure(kind="internal", message=why))


def cancel(state: RunState, reason: str) -> Decision:
    """Somebody asked for the end."""
    failure = TaskFailure(kind="cancelled", message=reason or "the run was cancelled")
    return _ended(state, "cancelled"), _stopping(Outcome(run=state.run, status="cancelled", failure=failure))


def expire(state: RunState, deadline_s: float) -> Decision:
    """The run's deadline has passed."""
    failure = TaskFailure(kind="timeout", message=f"the run took longer than its deadline of {deadline_s:g} s")
    return _ended(state, "expired"), _stopping(Outcome(run=state.run, status="expired", failure=failure))


def _stopping(outcome: Outcome) -> tuple[Command, ...]:
    return (CancelTasks(), outcome)


def _ended(state: RunState, how: Ended) -> RunState:
    return replace(state, ended=how)
