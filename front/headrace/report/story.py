"""What a record tells of a run: status, duration, segments and attempts on one clock. Data for the page, the log and the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from headrace_dags.errors import BadInput, Problem
from headrace_dags.graph import Const, Input, Node
from headrace_events.engine.decide import OtherRules
from headrace_events.engine.events import Outcome, TaskKey
from headrace_events.engine.progress import Attempt, Progress, SegmentProgress
from headrace_events.engine.readback import RunRecord
from headrace_serving.failure import TaskFailure

Status = Literal["succeeded", "failed", "cancelled", "expired", "unfinished"]


@dataclass(frozen=True, slots=True)
class Story:
    """One run.

    Attributes:
        record: what it is told from.
        status: how it ended; ``unfinished`` for one that runs still, or was killed.
        begun_at_s: when it was submitted, in Unix seconds.
        took_s: from the first event to the last.
        segments: how far each segment came.
        attempts: every attempt of a task, in the order they began.
        failure: why it failed; its item is counted within the run's axis, not within the task.
        failed_task: which task that was.
    """

    record: RunRecord
    status: Status
    begun_at_s: float
    took_s: float
    segments: tuple[SegmentProgress, ...]
    attempts: tuple[Attempt, ...]
    failure: TaskFailure | None = None
    failed_task: TaskKey | None = None

    @property
    def dag(self) -> str:
        """The dag's name."""
        return self.record.plan.graph.name


def tell(record: RunRecord) -> Story:
    """The story of a recorded run.

    Raises:
        BadInput: it was recorded under rules of another release.
    """
    progress = Progress(record.plan)
    try:
        for each in record.events:
            progress.observe(each.event, each.at_s)
    except OtherRules as error:
        raise BadInput(
            Problem("record-format", record.run, "can be told by the release that ran it", str(error))
        ) from None
    times = [each.at_s for each in record.events] + ([record.ending.at_s] if record.ending else [])
    begun, ended = (times[0], times[-1]) if times else (0.0, 0.0)
    outcome = record.outcome
    return Story(
        record,
        outcome.status if outcome else "unfinished",
        begun,
        max(0.0, ended - begun),
        progress.segments,
        progress.attempts,
        _placed(outcome, progress.segments) if outcome else None,
        outcome.task if outcome else None,
    )


def given(story: Story) -> str:
    """What the node that failed was given: for each port where its value comes from; empty where no node had begun."""
    failure, nodes = story.failure, story.record.plan.graph.by_name
    if failure is None or story.failed_task is None or failure.node not in nodes:
        return ""
    return source_of(nodes[failure.node], failure.item)


def source_of(node: Node, item: int) -> str:
    """For each input of ``node`` where its value comes from; ``item`` is the one it was given of its mapped axis, or -1."""
    return ", ".join(f"{each.port.name} = {_source(each, node.mapped, item)}" for each in node.inputs)


def _source(each: Input, mapped: Sequence[str], item: int) -> str:
    """Where a value comes from, and which item of it where it is mapped."""
    if isinstance(each.binding, Const):
        return repr(each.binding.value)
    source = str(each.binding) if each.binding.node else f"the input {each.binding.port}"
    return f"item {item} of {source}" if each.port.name in mapped and item >= 0 else source


def _placed(outcome: Outcome, segments: Iterable[SegmentProgress]) -> TaskFailure | None:
    """The failure, with its item counted over all chunks, as the segment that failed tells it."""
    name = outcome.task.segment if outcome.task else ""
    told = (each.failure for each in segments if each.name == name and each.failed)
    return next(told, outcome.failure) if outcome.failure else None
