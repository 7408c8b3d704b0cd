"""The events of the inbox, the commands of ``decide`` and the outcome: all that moves a run, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from headrace_dags.record import Record
from headrace_serving.failure import TaskFailure


class Payload(Record):
    """Where a tensor is: kept by reference, never inside a run's state.

    Attributes:
        items: how many items it holds.
        nbytes: size of its encoded form, in bytes.
        key: the object that holds it, or empty for one that lies in the event itself.
        offset: inbox offset of the event whose inline data holds it; -1 with a ``key``, and until the event has its place.
        part: name under which that event holds it; empty with a ``key``.
        keys: its items as the keys that joins choose by; empty where none chooses by it.
    """

    items: int
    nbytes: int
    key: str = ""
    offset: int = -1
    part: str = ""
    keys: tuple[str, ...] = ()


class TaskKey(Record):
    """One segment execution for one run and chunk."""

    segment: str
    chunk: int = 0
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.segment}/{self.chunk}/{self.attempt}"


class Timing(Record):
    """Where a task's time went, in seconds: waiting in a queue, fetching inputs, in the server, publishing."""

    queue_s: float = 0.0
    fetch_s: float = 0.0
    compute_s: float = 0.0
    publish_s: float = 0.0


class Submitted(Record):
    """A run was accepted: its plan's digest, and its inputs by name.

    Attributes:
        tenant: whose prefix of the object store it uses.
        priority: the higher, the earlier its tasks are ordered.
    """

    type: Literal["submitted"] = "submitted"
    run: str
    plan: str
    inputs: dict[str, Payload]
    tenant: str = "default"
    priority: int = 0


class Started(Record):
    """A worker began a task some time ago, and it takes a while; one that is through soon has no such event."""

    type: Literal["started"] = "started"
    task: TaskKey


class Item(Record):
    """A task of a segment that streams made an item, which is there before the task has ended.

    Attributes:
        index: its number, from 0. One that comes again, because the step was run again, counts for nothing.
        outputs: the item by the flow's name.
        shown: the item as a person reads it, where it is a short text or short JSON; else empty.
    """

    type: Literal["item"] = "item"
    task: TaskKey
    index: int
    outputs: dict[str, Payload]
    shown: str = ""


class Result(Record):
    """A task succeeded: its outputs by the flow's name.

    Attributes:
        lost: how many items of a tolerant map failed.
        failure: how the first of them did.
        cached: how many of its calls were answered from the cache: items of a mapped axis, else the one that a task is.
    """

    type: Literal["result"] = "result"
    task: TaskKey
    outputs: dict[str, Payload]
    timing: Timing = Timing()
    lost: int = 0
    failure: TaskFailure | None = None
    cached: int = 0


class Failed(Record):
    """A task failed."""

    type: Literal["failed"] = "failed"
    task: TaskKey
    failure: TaskFailure
    timing: Timing = Timing()


class TimerFired(Record):
    """A timer that ``decide`` asked for came due.

    ``name`` is ``deadline``, ``retry:<segment>/<chunk>/<attempt>`` with the attempt that is to begin, or
    ``within:<join>`` where a join has waited long enough.
    """

    type: Literal["timer"] = "timer"
    name: str


class Cancel(Record):
    """Somebody asked for the run to end."""

    type: Literal["cancel"] = "cancel"
    reason: str = ""


Event = Annotated[Submitted | Started | Item | Result | Failed | TimerFired | Cancel, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some items of a payload: from ``start`` up to ``stop``; without a payload as many that are missing.

    Not a ``Record``: a choice for each item makes as many pieces as there are items, and validating each took longer than
    deciding.
    """

    payload: Payload | None
    start: int
    stop: int


class IssueTask(Record):
    """Execute a task: for each input flow's name, the pieces to join, in order."""

    type: Literal["issue"] = "issue"
    task: TaskKey
    inputs: dict[str, tuple[Piece, ...]]
    timeout_s: float | None = None


class SetTimer(Record):
    """Append a ``TimerFired`` of that name at ``at_s`` (log time, seconds)."""

    type: Literal["set-timer"] = "set-timer"
    name: str
    at_s: float


class CancelTasks(Record):
    """Stop whatever of this run is still executing, or what of one segment is."""

    type: Literal["cancel-tasks"] = "cancel-tasks"
    segment: str = ""


class Outcome(Record):
    """How a run ended. ``outputs`` holds, for each output of the dag, the pieces to join."""

    type: Literal["outcome"] = "outcome"
    run: str
    status: Literal["succeeded", "failed", "cancelled", "expired"]
    outputs: dict[str, tuple[Piece, ...]] = {}
    failure: TaskFailure | None = None
    task: TaskKey | None = None


Command = IssueTask | SetTimer | CancelTasks | Outcome
