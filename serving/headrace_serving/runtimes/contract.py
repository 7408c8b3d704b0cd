"""What a runtime does: serve every segment of a plan and execute tasks on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol, Self

from headrace_dags.record import Record
from headrace_serving.tensors import Tensor


class Task(Record):
    """What an executor is told of one task.

    Attributes:
        id: ``<run>/<segment>/<chunk>/<attempt>``; travels as the request id.
        prefix: ``<tenant>/<run>``: where the task's objects go.
        segment: name of the segment.
        deadline_s: most seconds from start to finish; ``None`` is no limit.
        have: of a stream: how many items are there already, of an attempt before; they are not given again.
    """

    id: str
    prefix: str
    segment: str
    deadline_s: float | None = None
    have: int = 0


class Workplace(Record):
    """Where a runtime works.

    Attributes:
        import_root: folder that user code is imported from.
        objects: root folder of the object store.
        scratch: the runtime's own folder for repositories and logs; made and removed by it, logs stay.
        path: folders beside the import root that must be importable, most important first; ``None`` is where Headrace lies
            here and what ``PYTHONPATH`` adds.
    """

    import_root: Path
    objects: Path
    scratch: Path
    path: tuple[str, ...] | None = None


class Recalled(dict[str, Tensor]):
    """The outputs of a task of which some calls were answered from the cache.

    Attributes:
        kept: how many: items of a mapped axis, else the one call that the task is.
    """

    def __init__(self, outputs: Mapping[str, Tensor], kept: int) -> None:
        super().__init__(outputs)
        self.kept = kept


Take = Callable[[int, Mapping[str, Tensor]], Awaitable[None]]
"""Takes an item of a stream: its number, from 0, and the outputs by the flow's name, with one item each."""


class Executor(Protocol):
    """Executes the segments of one plan, or a part of them. An asynchronous context manager: entering starts, leaving stops cleanly."""

    name: str
    """``triton``, ``container`` or ``inprocess``."""

    async def __aenter__(self) -> Self:
        """Start and wait until every segment answers.

        Raises:
            EnvironmentLack: something is not installed or not free.
            TaskFailed: a step failed to import or to set up (``load``), with its node and traceback.
        """
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Stop; leaves no process, no shared memory and no port behind."""
        ...

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Execute one task on its segment.

        Args:
            task: which segment, and under which id and limit.
            inputs: a tensor for each of the segment's input flows, by the flow's name.

        Returns:
            A tensor for each of the segment's output flows, by the flow's name.

        Raises:
            TaskFailed: with the failure as data.
        """
        ...

    async def stream(self, task: Task, inputs: Mapping[str, Tensor], take: Take) -> None:
        """Execute one task on a segment that streams: its items are taken one after another, as they are made.

        The next item is given when the one before is taken, and no more are made ahead than the segment says. A step that
        is run again because its process died gives only what was not taken before, so no item is taken twice. Where the
        process dies while an item is being taken, taking it is cancelled and begins anew; its number tells. Of items that
        differ from run to run the first counts.

        Args:
            task: which segment, under which id and limit, and what is there already.
            inputs: as for :meth:`call`.
            take: takes an item.

        Raises:
            TaskFailed: with the failure as data; a ``timeout`` also where the next item does not come in time.
        """
        ...
