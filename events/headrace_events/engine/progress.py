"""How far a run is, by segment: what the live display shows and the report draws. Folds the same events as the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Literal

from headrace_dags.plan.model import Plan
from headrace_events.engine.decide import decide
from headrace_events.engine.events import (
    Event,
    Failed,
    Item,
    Outcome,
    Result,
    Started,
    TaskKey,
    Timing,
)
from headrace_events.engine.state import Folded, Gone, Open, RunState, SegmentState, Unit
from headrace_events.engine.wiring import wire
from headrace_serving.failure import TaskFailure

_NONE = Timing()

How = Literal["waiting", "queued", "running", "done", "skipped", "failed", "stopped", "unbegun"]
"""How it is with a segment.

``waiting``: its inputs are not there, or it is not known whether it is needed. ``queued``: no worker has a task of it in hand.
``skipped``: nobody needs it in this run. ``failed``: a task of it failed for good. ``stopped``: nobody waited for it any more
before it was done. ``unbegun``: it was given no work, since the run was over, or what feeds it failed.
"""


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
        chosen: the items of its axis that it handles, ascending; ``None``: all.
        lost: how many items of a tolerant map failed so far.
        failure: how the first of them did, or why the segment gives nothing; an item is counted within the run's axis.
        failed: whether a task of its own failed for good.
        over: whether the run is, or nobody waits for the segment any more.
        streamed: how many items of its stream are there.
        cached: how many of its calls were answered from the cache.
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
    chosen: tuple[int, ...] | None = None
    lost: int = 0
    failure: TaskFailure | None = None
    failed: bool = False
    over: bool = False
    streamed: int = 0
    cached: int = 0

    @property
    def calls(self) -> int:
        """How many calls could be answered from the cache: the items that it handles, one where nothing is mapped."""
        return len(self.chosen) if self.chosen is not None else self.items or 0

    @property
    def complete(self) -> bool:
        """Whether every task has a result."""
        return self.tasks is not None and self.done == self.tasks and not self.failed

    @property
    def how(self) -> How:
        """How it is with the segment."""
        if self.skipped or self.complete:
            return "skipped" if self.skipped else "done"
        if self.failed or self.over:
            return "failed" if self.failed else "stopped" if self.tasks is not None else "unbegun"
        if self.failure is not None and self.tasks is None:
            return "unbegun"
        return "running" if self.running else "waiting" if self.started_s is None else "queued"

    def places(self, chunk: int) -> Sequence[int]:
        """The items of a task by their places on the axis."""
        start, stop = chunk * self.chunk, min((chunk + 1) * self.chunk, self.items or 1)
        return range(start, stop) if self.chosen is None else self.chosen[start:stop]


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
        self._units: tuple[Unit, ...] = ()
        self._moved: dict[int, dict[str, Any]] = {}
        self.state: RunState | None = None
        self.outcome: Outcome | None = None

    @property
    def segments(self) -> tuple[SegmentProgress, ...]:
        """How far each segment is, in the plan's order."""
        return tuple(self._segments)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt that a worker began, in that order."""
        return tuple(sorted(self._attempts.values(), key=lambda each: each.started_s))

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """Take an event into account.

        Args:
            event: as the inbox gave it.
            at_s: log time of its append, in Unix seconds.
            folded: what ``decide`` made of it, where somebody asked already; deciding twice took a tenth of a run's time.
        """
        self.state, commands = folded or decide(self.state, event, at_s, self._wiring)
        if isinstance(event, Started):
            self._begin(event.task, at_s)
        elif isinstance(event, Item):
            self._stream(event, at_s)
        elif isinstance(event, Result | Failed):
            self._end(event, at_s)
        self._count()
        if ended := next((each for each in commands if isinstance(each, Outcome)), None):
            self.outcome = ended
            self._segments = [replace(each, over=True) for each in self._segments]

    def _count(self) -> None:
        """Take over of each segment that moved how many tasks it has, and how many of them are done.

        What has not moved is the same object as before: to look at a thousand segments takes less than to count one anew.
        """
        units = self.state.units[: len(self._segments)] if self.state else ()
        for number, (unit, known) in enumerate(zip_longest(units, self._units)):
            moved = self._moved.pop(number, {})
            if unit is not known or moved:
                self._segments[number] = self._counted(self._segments[number], unit, moved)
        self._units = units

    def _counted(self, old: SegmentProgress, unit: Unit, moved: Mapping[str, Any]) -> SegmentProgress:
        """The segment anew, in one go: with what an event moved, and how many tasks there are."""
        if isinstance(unit, Gone):
            return self._without(replace(old, **moved), unit)
        if not isinstance(unit, SegmentState):
            return replace(old, **moved)
        tasks = len(unit.slots)
        return replace(
            old,
            **moved,
            chosen=unit.chosen,
            lost=unit.lost,
            failure=unit.failure,
            items=unit.items,
            chunk=unit.size,
            tasks=tasks,
            done=tasks - unit.missing,
        )

    def _without(self, old: SegmentProgress, gone: Gone) -> SegmentProgress:
        """A segment that gives nothing: because nobody needs it, by its own fault, or by another's."""
        task, failure = gone.task, gone.failure
        if failure is None:
            return replace(old, skipped=old.tasks is None, over=old.tasks is not None)
        if task is None:
            return replace(old, failure=failure, failed=failure.node in old.nodes)
        attempt = self._attempts.get(task)
        # Of a tolerant map that lost too many items the last task succeeded; the item is counted over all of them already.
        if task.segment == old.name and attempt and attempt.failure:
            failure = _placed(failure, old.places(task.chunk))
        return replace(old, failure=failure, failed=task.segment == old.name)

    def _begin(self, task: TaskKey, at_s: float) -> None:
        number = self._wiring.numbers.get(task.segment)
        if number is None or task in self._attempts:
            return
        self._attempts[task] = Attempt(task, at_s)
        old = self._segments[number]
        started_s = at_s if old.started_s is None else min(old.started_s, at_s)
        retries = old.retries + (task.attempt > 1)
        self._segments[number] = replace(old, running=old.running + 1, retries=retries, started_s=started_s)

    def _was_issued(self, task: TaskKey) -> bool:
        """Whether an attempt is one of the run's, of which no start was told because it did not take long."""
        number = self._wiring.numbers.get(task.segment)
        unit = self._units[number] if number is not None and number < len(self._units) else None
        if not isinstance(unit, SegmentState) or not 0 <= task.chunk < len(unit.slots):
            return False
        slot = unit.slots[task.chunk]
        return isinstance(slot, Open) and slot.attempt == task.attempt and slot.due_s is None

    def _stream(self, item: Item, at_s: float) -> None:
        if self._was_issued(item.task):
            self._begin(item.task, at_s)
        number = self._wiring.numbers.get(item.task.segment)
        if number is not None:
            old = self._segments[number]
            self._segments[number] = replace(old, streamed=max(old.streamed, item.index + 1))

    def _end(self, event: Result | Failed, at_s: float) -> None:
        if event.task not in self._attempts and self._was_issued(event.task):
            timing = event.timing
            self._begin(event.task, at_s - timing.fetch_s - timing.compute_s - timing.publish_s)
        attempt = self._attempts.get(event.task)
        if attempt is None or attempt.ended_s is not None:
            return
        failure = event.failure.message if isinstance(event, Failed) else ""
        self._attempts[event.task] = Attempt(event.task, attempt.started_s, at_s, event.timing, failure)
        number = self._wiring.numbers[event.task.segment]
        old = self._segments[number]
        timing = _sum(old.timing, event.timing)
        cached = old.cached + (event.cached if isinstance(event, Result) else 0)
        self._moved[number] = {"running": old.running - 1, "ended_s": at_s, "timing": timing, "cached": cached}


def _placed(failure: TaskFailure, places: Sequence[int]) -> TaskFailure:
    """A task's failure with its item counted within the run's axis."""
    if not 0 <= failure.item < len(places):
        return failure
    return failure.model_copy(update={"item": places[failure.item]})


def _sum(one: Timing, other: Timing) -> Timing:
    return Timing(
        queue_s=one.queue_s + other.queue_s,
        fetch_s=one.fetch_s + other.fetch_s,
        compute_s=one.compute_s + other.compute_s,
        publish_s=one.publish_s + other.publish_s,
    )
