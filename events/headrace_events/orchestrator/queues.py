"""What waits to be ordered of the workers of one segment, and what is ordered: a window, and a lane for each priority. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headrace_events.engine.events import IssueTask, TaskKey


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits.

    Attributes:
        run: whose.
        command: what is to be done.
    """

    run: str
    command: IssueTask

    @property
    def key(self) -> tuple[str, str]:
        """The run and the task."""
        return self.run, str(self.command.task)


@dataclass
class SegmentQueue:
    """The tasks of one segment on one replica.

    What is ordered is known by its tasks and never counted: a result that comes twice, or for a task of another replica,
    changes nothing.

    Attributes:
        window: how many tasks may be ordered and without a result at a time.
        partitions: of the segment's topic.
    """

    window: int
    partitions: int
    is_held: bool = False
    _lanes: dict[int, deque[Waiting]] = field(default_factory=dict[int, deque[Waiting]], init=False)
    _waiting: dict[str, dict[str, Waiting]] = field(default_factory=dict[str, dict[str, Waiting]], init=False)
    _ordered: dict[str, dict[str, int]] = field(
        default_factory=lambda: defaultdict[str, dict[str, int]](dict), init=False
    )
    _load: list[int] = field(default_factory=list[int], init=False)
    _last: int = field(default=-1, init=False)

    def __post_init__(self) -> None:
        self._load = [0] * self.partitions

    @property
    def ordered(self) -> int:
        """Tasks that are ordered and have no result."""
        return sum(self._load)

    @property
    def demand(self) -> int:
        """Tasks that wait or are ordered."""
        return self.ordered + sum(map(len, self._waiting.values()))

    def push(self, run: str, command: IssueTask, priority: int = 0) -> None:
        """A task waits from now on, behind those of its priority; one that does already stays where it is."""
        waiting = Waiting(run, command)
        of_run = self._waiting.setdefault(run, {})
        if of_run.setdefault(waiting.key[1], waiting) is waiting:
            self._lanes.setdefault(priority, deque()).append(waiting)

    def next(self) -> tuple[Waiting, int] | None:
        """The task to be ordered now, and in which partition; ``None`` where none is, or the window is full."""
        if self.is_held or self.ordered >= self.window or (found := self._pop()) is None:
            return None
        return found, self.take(found.run, found.command.task)

    def take(self, run: str, task: TaskKey) -> int:
        """A task is ordered; in the partition with the fewest, the next one where several have as few."""
        ordered = self._ordered[run]
        if (known := ordered.get(str(task))) is not None:
            return known
        turn = sorted(range(self.partitions), key=lambda each: (each - self._last - 1) % self.partitions)
        self._last = ordered[str(task)] = min(turn, key=self._load.__getitem__)
        self._load[self._last] += 1
        return self._last

    def settle(self, run: str, task: TaskKey) -> None:
        """A task has its result, or has failed."""
        partition = self._ordered[run].pop(str(task), None)
        if not self._ordered[run]:
            del self._ordered[run]
        if partition is not None:
            self._load[partition] -= 1

    def discard(self, run: str) -> None:
        """No task of a run is wanted any more."""
        self._waiting.pop(run, None)
        for partition in self._ordered.pop(run, {}).values():
            self._load[partition] -= 1

    def waiting(self, run: str) -> Sequence[TaskKey]:
        """The tasks of a run that wait, in order."""
        return [each.command.task for each in self._waiting.get(run, {}).values()]

    def _pop(self) -> Waiting | None:
        for priority in sorted(self._lanes, reverse=True):
            if found := next(self._left(self._lanes[priority]), None):
                of_run = self._waiting[found.run]
                del of_run[found.key[1]]
                if not of_run:
                    del self._waiting[found.run]
                return found
            del self._lanes[priority]
        return None

    def _left(self, lane: deque[Waiting]) -> Iterator[Waiting]:
        """What is taken from a lane; what was discarded meanwhile is passed over."""
        while lane:
            found = lane.popleft()
            run, task = found.key
            if self._waiting.get(run, {}).get(task) is found:
                yield found
