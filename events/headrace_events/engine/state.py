"""What is remembered of a run between two events: references and counts, never payloads. Immutable; cheap to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from headrace_events.engine.events import Command, Payload, TaskKey
from headrace_serving.failure import TaskFailure

T = TypeVar("T")

VERSION = 3
"""The version of the rules in ``decide``; a run is folded to its end by the rules that began it."""

Ended = Literal["", "succeeded", "failed", "cancelled", "expired"]

PAGE = 32
"""Values a page holds: the square root of the most chunks a mapped axis has."""


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """An immutable sequence, cut into pages: replacing one of a thousand values copies two short rows and not all of them."""

    pages: tuple[tuple[T, ...], ...]
    length: int

    @staticmethod
    def filled(value: T, length: int) -> Pages[T]:
        """``length`` times the same value; the pages are shared until one is replaced."""
        full, rest = divmod(length, PAGE)
        return Pages(((value,) * PAGE,) * full + (((value,) * rest,) if rest else ()), length)

    def __getitem__(self, index: int) -> T:
        return self.pages[index // PAGE][index % PAGE]

    def __iter__(self) -> Iterator[T]:
        return (value for page in self.pages for value in page)

    def __len__(self) -> int:
        return self.length

    def replaced(self, index: int, value: T) -> Pages[T]:
        """The same sequence with another value at ``index``."""
        number, place = divmod(index, PAGE)
        page = list(self.pages[number])
        page[place] = value
        pages = list(self.pages)
        pages[number] = tuple(page)
        return Pages(tuple(pages), self.length)


@dataclass(frozen=True, slots=True)
class Open:
    """A task without a result.

    Attributes:
        attempt: number of the attempt that is under way or waits for its timer; only its result counts.
        failures: attempts that failed through the step's own fault.
        faults: attempts that failed through infrastructure.
        due_s: log time at which the attempt is to begin; ``None`` once it is issued.
    """

    attempt: int = 1
    failures: int = 0
    faults: int = 0
    due_s: float | None = None


Done = tuple[Payload, ...]
"""A task's result: a payload for each of its segment's outputs, in order."""

Slot = Open | Done


@dataclass(frozen=True, slots=True)
class SegmentState:
    """A segment whose inputs are there.

    Attributes:
        items: how many items its tasks handle; 1 where nothing is mapped.
        axis: how many items its axis has, those included that are not chosen.
        size: items of a chunk, the last one may have fewer.
        mapped: whether its outputs are per item of that axis.
        slots: one a chunk.
        missing: chunks without a result.
        chosen: the items of the axis that it handles, ascending; ``None``: all.
        lost: how many items of a tolerant map failed so far.
        failure: how the first of them did.
    """

    items: int
    axis: int
    size: int
    mapped: bool
    slots: Pages[Slot]
    missing: int
    chosen: tuple[int, ...] | None = None
    lost: int = 0
    failure: TaskFailure | None = None

    def bounds(self, chunk: int) -> tuple[int, int]:
        """The items of a chunk: from, up to."""
        start = chunk * self.size
        return start, min(start + self.size, self.items)

    def places(self, chunk: int) -> Sequence[int]:
        """The items of a chunk by their places on the axis."""
        start, stop = self.bounds(chunk)
        return range(start, stop) if self.chosen is None else self.chosen[start:stop]

    def with_slot(self, chunk: int, slot: Slot) -> SegmentState:
        """The same with another slot; a result makes one chunk less missing."""
        missing = self.missing if isinstance(slot, Open) else self.missing - 1
        slots = self.slots.replaced(chunk, slot)
        # As ``replace`` does it, in a fifth of its time: each result comes by here.
        rest = (self.chosen, self.lost, self.failure)
        return SegmentState(self.items, self.axis, self.size, self.mapped, slots, missing, *rest)


@dataclass(frozen=True, slots=True)
class Gone:
    """A segment or join that gives nothing.

    Attributes:
        failure: why; ``None`` where nobody needs it.
        task: the task that failed, where one did.
    """

    failure: TaskFailure | None = None
    task: TaskKey | None = None


@dataclass(frozen=True, slots=True)
class JoinState:
    """A join that is decided.

    Attributes:
        chosen: which of its choices it gives, or which for each item of its axis; -1 for nothing. Of a quorum all those
            that it gives.
        per_item: whether there is one for each item.
    """

    chosen: tuple[int, ...]
    per_item: bool = False


Unit = SegmentState | JoinState | Gone | None
"""A segment or join; ``None`` until its inputs are there, or its choice falls."""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run.

    Attributes:
        run: its id.
        version: of the rules it began with.
        deadline_at_s: log time at which it expires.
        inputs: in the order of the dag's inputs; ``None`` for one that did not come.
        units: segments in the plan's order, behind them the joins.
        clocks: the joins that wait, by number: their timer is set.
        ended: how it ended; empty while it runs.
    """

    run: str
    version: int
    deadline_at_s: float | None
    inputs: tuple[Payload | None, ...]
    units: tuple[Unit, ...]
    clocks: frozenset[int] = frozenset()
    ended: Ended = ""

    def segment(self, number: int) -> SegmentState | None:
        """A segment whose tasks were issued; ``None`` for any other."""
        found = self.units[number]
        return found if isinstance(found, SegmentState) else None

    def with_unit(self, number: int, unit: Unit) -> RunState:
        """The same with another state of one segment or join."""
        units = list(self.units)
        units[number] = unit
        return replace(self, units=tuple(units))


Decision = tuple[RunState, tuple[Command, ...]]
"""The state after an event, and what is to be done now."""

Folded = tuple[RunState | None, tuple[Command, ...]]
"""The same of any event: there is no state before the run is submitted."""
