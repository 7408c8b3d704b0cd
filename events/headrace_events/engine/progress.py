"""How far a run is, by segment: what the live display shows and the report draws. Folds the same events as the run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from headrace_dags.plan.model import Plan
from headrace_events.engine.decide import decide
from headrace_events.engine.events import Event, Failed, Outcome, Result, Started, Submitted, TaskKey, Timing
from headrace_events.engine.state import Gone, RunState, SegmentState
from headrace_events.engine.wiring import wire

_NONE = Timing()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a task.

    Attributes:
        task: which one.
        started_s: log time at which a worker began it (Unix seconds).
        ended_s: log time of its result or failure; ``None`` while it runs.
        timing: where its time went.
        failure: one line on why it failed; empty where it did not.
    """

    task: TaskKey
    started_s: float
    ended_s: float | None = None
    timing: Timing = _NONE
    failure: str = ""


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """How far one segment is.

    Attributes:
        name: the segment's.
        nodes: names of its nodes.
        items: length of the mapped axis; 1 where nothing is mapped; ``None`` until its inputs are there.
        chunk: items of a task; the last one may have fewer.
        tasks: how many tasks that makes; ``None`` until its inputs are there.
        done: tasks with a result.
        running: tasks that a worker has in hand.
        retries: attempts after the first.
        started_s: log time at which its first task began.
        ended_s: log time of its last result or failure so far.
        timing: sum over its attempts.
        skipped: whether nobody needs it in this run.
    """

    name: str
    nodes: tuple[str, ...]
    items: int | None = None
    chunk: int = 1
    tasks: int | None = None
    done: int = 0
    running: int = 0
    retries: int = 0
    started_s: float | None = None
    ended_s: float | None = None
    timing: Timing = _NONE
    skipped: bool = False

    @property
    def complete(self) -> bool:
        """Whether every task has a result."""
        return self.tasks is not None and self.done == self.tasks


class Progress:
    """Follows one run; give :meth:`observe` each event, live or from the record.

    Attributes:
        state: what ``decide`` made of the events; ``None`` before the run is submitted.
        outcome: how the run ended, once it has.
    """

    def __init__(self, plan: Plan) -> None:
        self._wiring = wire(plan)
        self._attempts: dict[TaskKey, Attempt] = {}
        self._segments = [SegmentProgress(each.name, each.nodes) for each in plan.segments]
        self.state: RunState | None = None
        self.outcome: Outcome | None = None

    @property
    def segments(self) -> tuple[SegmentProgress, ...]:
        """How far each segment is, in the plan's order."""
        return tuple(self._segments)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that a worker began, in that order."""
        return tuple(self._attempts.values())

    def observe(self, event: Event, at_s: float) -> None:
        """Take an event into account."""
        self.state, commands = decide(self.state, event, at_s, self._wiring)
        if isinstance(event, Started):
            self._begin(event.task, at_s)
        elif isinstance(event, Result | Failed):
            self._end(event, at_s)
        for number in range(len(self._segments)) if self._moved(event) or commands else ():
            self._count(number)
        self.outcome = next((each for each in commands if isinstance(each, Outcome)), self.outcome)

    def _moved(self, event: Event) -> bool:
        """Whether the event may have opened segments: it completed one, or began the run."""
        if not isinstance(event, Result):
            return isinstance(event, Submitted)
        number = self._wiring.numbers.get(event.task.segment)
        if number is None:
            return False
        self._count(number)
        return self._segments[number].complete

    def _count(self, number: int) -> None:
        """Take over how many tasks a segment has, and how many of them are done."""
        segment = self.state.units[number] if self.state else None
        if isinstance(segment, Gone):
            self._segments[number] = replace(self._segments[number], skipped=segment.failure is None)
        if isinstance(segment, SegmentState):
            tasks = len(segment.slots)
            self._segments[number] = replace(
                self._segments[number],
                items=segment.items,
                chunk=segment.size,
                tasks=tasks,
                done=tasks - segment.missing,
            )

    def _begin(self, task: TaskKey, at_s: float) -> None:
        number = self._wiring.numbers.get(task.segment)
        if number is None or task in self._attempts:
            return
        self._attempts[task] = Attempt(task, at_s)
        old = self._segments[number]
        started_s = at_s if old.started_s is None else old.started_s
        retries = old.retries + (task.attempt > 1)
        self._segments[number] = replace(old, running=old.running + 1, retries=retries, started_s=started_s)

    def _end(self, event: Result | Failed, at_s: float) -> None:
        attempt = self._attempts.get(event.task)
        if attempt is None or attempt.ended_s is not None:
            return
        failure = event.failure.message if isinstance(event, Failed) else ""
        self._attempts[event.task] = replace(attempt, ended_s=at_s, timing=event.timing, failure=failure)
        number = self._wiring.numbers[event.task.segment]
        old = self._segments[number]
        timing = _sum(old.timing, event.timing)
        self._segments[number] = replace(old, running=old.running - 1, ended_s=at_s, timing=timing)


def _sum(one: Timing, other: Timing) -> Timing:
    return Timing(
        queue_s=one.queue_s + other.queue_s,
        fetch_s=one.fetch_s + other.fetch_s,
        compute_s=one.compute_s + other.compute_s,
        publish_s=one.publish_s + other.publish_s,
    )
