"""A task failed: try again later, or end the run. Delays grow twofold and are spread by a hash, never by chance."""

from __future__ import annotations

from hashlib import blake2b

from headrace_events.engine.events import CancelTasks, Failed, SetTimer, TaskKey, TimerFired
from headrace_events.engine.pieces import Values
from headrace_events.engine.ready import advance, issue
from headrace_events.engine.results import under_way
from headrace_events.engine.state import Decision, Gone, Open, RunState
from headrace_events.engine.wiring import WiredSegment, Wiring
from headrace_serving.failure import FailureKind, TaskFailure

OWN_FAULT: frozenset[FailureKind] = frozenset({"step", "timeout"})
"""Retried as often as the options of the failed node say."""

INFRASTRUCTURE: frozenset[FailureKind] = frozenset({"unavailable", "cancelled"})
"""Retried whatever the options say: the body was not at fault. Every other kind is permanent."""

MAX_FAULTS = 6
"""Faults of infrastructure one task may meet: a body that takes its process down each time must come to an end."""

LONGEST_PAUSE_S = 60.0
"""Whoever asks to be left alone for longer is tried again earlier."""

BASE_S = 0.2
CAP_S = 30.0
FAULT_CAP_S = 5.0
_RETRY = "retry:"


def give_up_or_wait(state: RunState, event: Failed, at_s: float, wiring: Wiring) -> Decision:
    """Set a timer for the next attempt, or end the run with this failure."""
    if (found := under_way(state, event.task, wiring)) is None:
        return state, ()
    number, segment, slot = found
    after = _after(slot, event.failure, wiring.segments[number])
    if after is None:
        return _give_up(state, number, event, at_s, wiring)
    task = TaskKey(segment=event.task.segment, chunk=event.task.chunk, attempt=after.attempt)
    asked_s = min(event.failure.after_s, LONGEST_PAUSE_S)
    due_s = at_s + max(asked_s, _delay_s(state.run, task, after, event.failure.kind))
    waiting = Open(after.attempt, after.failures, after.faults, due_s)
    state = state.with_unit(number, segment.with_slot(task.chunk, waiting))
    return state, (SetTimer(name=f"{_RETRY}{task}", at_s=due_s),)


def _give_up(state: RunState, number: int, event: Failed, at_s: float, wiring: Wiring) -> Decision:
    """The segment has failed for good; whether the run has, those say that wait for it."""
    state = state.with_unit(number, Gone(event.failure, event.task))
    state, commands = advance(state, wiring.segments[number].consumers, at_s, wiring)
    return state, commands if state.ended else (CancelTasks(segment=event.task.segment), *commands)


def try_again(state: RunState, event: TimerFired, wiring: Wiring) -> Decision:
    """The delay is over: issue the attempt that waits for this timer."""
    task = _task(event.name)
    number = wiring.numbers.get(task.segment) if task else None
    segment = None if number is None else state.segment(number)
    if task is None or number is None or segment is None or not 0 <= task.chunk < len(segment.slots):
        return state, ()
    slot = segment.slots[task.chunk]
    if not isinstance(slot, Open) or slot.due_s is None or slot.attempt != task.attempt:
        return state, ()
    segment = segment.with_slot(task.chunk, Open(slot.attempt, slot.failures, slot.faults))
    command = issue(wiring.segments[number], segment, Values(state.inputs, state.units, wiring), task)
    return state.with_unit(number, segment), (command,)


def _after(slot: Open, failure: TaskFailure, wired: WiredSegment) -> Open | None:
    """The slot of the next attempt; ``None`` if there is none."""
    if failure.kind in INFRASTRUCTURE and slot.faults < MAX_FAULTS:
        return Open(slot.attempt + 1, slot.failures, slot.faults + 1)
    if failure.kind in OWN_FAULT and slot.failures < wired.retries.get(failure.node, wired.retry):
        return Open(slot.attempt + 1, slot.failures + 1, slot.faults)
    return None


def _delay_s(run: str, task: TaskKey, slot: Open, kind: FailureKind) -> float:
    """Between half of the backoff and all of it, by a hash of run, task and attempt."""
    count, cap_s = (slot.faults, FAULT_CAP_S) if kind in INFRASTRUCTURE else (slot.failures, CAP_S)
    share = int.from_bytes(blake2b(f"{run}/{task}".encode(), digest_size=8).digest()) / 2**64
    return min(cap_s, BASE_S * 2.0 ** min(count - 1, 32)) * (0.5 + share / 2)


def _task(timer: str) -> TaskKey | None:
    """The task a retry timer is named after."""
    segment, *numbers = timer.removeprefix(_RETRY).rsplit("/", 2)
    if not timer.startswith(_RETRY) or len(numbers) != 2 or not all(each.isdecimal() for each in numbers):
        return None
    return TaskKey(segment=segment, chunk=int(numbers[0]), attempt=int(numbers[1]))
