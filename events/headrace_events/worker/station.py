"""The tasks of one segment: its share of the topic's partitions, in order, so many at a time, and how far it is."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from headrace_dags.plan.model import Segment
from headrace_events.codec import ends
from headrace_events.codec.headers import Undecodable
from headrace_events.codec.orders import Order
from headrace_events.log.contract import SESSION_S, Change, Entry, Fenced, LogError, Mark, Member
from headrace_events.worker.executing import Bench, told
from headrace_events.worker.floor import Floor
from headrace_events.worker.ledger import BadNote, Ledger
from headrace_events.worker.stopped import Stopped

_PORTION = 32
_MARK_S = 0.02
_PAUSE_S = 0.5


@dataclass
class Partition:
    """A partition while it is held.

    Attributes:
        number: of the partition.
        ledger: what is done of it.
        reading: takes its orders.
        tasks: those under way.
    """

    number: int
    ledger: Ledger
    reading: asyncio.Task[None] | None = None
    tasks: dict[asyncio.Task[None], Order] = field(default_factory=dict[asyncio.Task[None], Order])


@dataclass
class Station:
    """One segment at one worker.

    Attributes:
        bench: executes.
        topic: of the segment's tasks.
        dead: the topic of what cannot be handled.
        segment: whose tasks.
        places: how many tasks may be under way at a time.
        stopped: the runs that nobody waits for.
        floor: where tasks are executed.
        session_s: held for dead when nothing is heard of it for so long.
        grace_s: how long tasks that were begun may take when their partition leaves, or the worker.
        clock: the log's time, in Unix seconds.
    """

    bench: Bench
    topic: str
    dead: str
    segment: Segment
    places: int
    stopped: Stopped
    floor: Floor
    session_s: float = SESSION_S
    grace_s: float = 30.0
    clock: Callable[[], float] = time.time
    _held: dict[int, Partition] = field(default_factory=dict[int, Partition], init=False)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Execute tasks until cancelled; then those that were begun are finished, as far as they keep to the grace.

        Raises:
            Exception: what nobody expected, as a log that fails; whoever takes over goes on from the last mark.
        """
        member = await self.bench.log.join(f"workers.{self.topic}", self.topic, session_s=self.session_s)
        jobs = [self._start(self._mark(member)), self._start(self._share(member))]
        try:
            await self._broken
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.wait(jobs)
            await self._finish(member, list(self._held))
            await member.leave()

    def stop(self, run: str, segment: str) -> None:
        """Nobody waits for the tasks of a run any more."""
        if segment not in {"", self.segment.name}:
            return
        for partition in self._held.values():
            for task, order in partition.tasks.items():
                if order.head.run == run:
                    task.cancel()

    async def _share(self, member: Member) -> None:
        while True:
            await self._heed(member, await member.changed())

    def _start(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside; if it breaks, the station does."""
        task = asyncio.create_task(job)
        task.add_done_callback(self._left)
        return task

    def _left(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self._broken.done():
            self._broken.set_exception(error)

    async def _heed(self, member: Member, change: Change) -> None:
        # All of them at once: no mark of what was lost may be written under the right to what came back.
        gone = [self._held.pop(number, None) for number in {*change.lost, *change.gained}]
        for partition in gone:
            await self._abandon(partition)
        await self._finish(member, change.leaving)
        await member.release(change.leaving)
        for number in change.gained:
            await self._begin(number)

    async def _begin(self, number: int) -> None:
        mark = await self.bench.log.committed(f"workers.{self.topic}", self.topic, number)
        try:
            ledger = Ledger.of(mark)
        except BadNote:  # somebody else's: what is behind the offset is done once more
            ledger = Ledger(mark.offset)
        partition = self._held[number] = Partition(number, ledger)
        partition.reading = self._start(self._read(partition, mark.offset))

    async def _read(self, partition: Partition, offset: int) -> None:
        while True:
            for entry in await self.bench.log.fetch(
                self.topic, partition.number, offset, limit=_PORTION, wait_s=math.inf
            ):
                while partition.tasks and not partition.ledger.has_room:
                    await asyncio.wait(partition.tasks, return_when=asyncio.FIRST_COMPLETED)
                await self._take(partition, entry)
                offset = entry.offset + 1

    async def _take(self, partition: Partition, entry: Entry) -> None:
        """Begin a task once there is a place for it, unless it is done or nobody wants it."""
        verdict = partition.ledger.hand(entry.offset)
        if verdict == "skip" or (order := await self._order(partition, entry)) is None:
            return
        if self._is_unwanted(order):
            self._finished(partition, entry.offset)
            return
        if verdict == "crashed":
            await self._crashed(partition, entry.offset, order)
            return
        await self.floor.take(self.segment.name, self.places, alone=verdict == "alone")
        partition.ledger.begin(entry.offset)
        self._stirred.set()
        task = self._start(self._execute(partition, entry, order))
        partition.tasks[task] = order
        task.add_done_callback(partial(self._leave, partition, entry.offset, alone=verdict == "alone"))

    def _leave(self, partition: Partition, offset: int, task: asyncio.Task[None], *, alone: bool) -> None:
        """A task has come to its end, or was cancelled, perhaps before it had begun."""
        del partition.tasks[task]
        partition.ledger.give_back(offset)
        self.floor.leave(self.segment.name, alone=alone)

    async def _order(self, partition: Partition, entry: Entry) -> Order | None:
        try:
            return Order.read(entry)
        except Undecodable as error:
            with suppress(LogError):
                await self.bench.log.append(ends.dead(self.dead, entry, str(error)))
            self._finished(partition, entry.offset)
            return None

    def _is_unwanted(self, order: Order) -> bool:
        is_late = order.head.expires_s is not None and order.head.expires_s < self.clock()
        return is_late or self.stopped.has(order.head.run, order.head.task.segment)

    async def _crashed(self, partition: Partition, offset: int, order: Order) -> None:
        begins = partition.ledger.begins.get(offset, 0)
        await self.bench.fail(order, told("crashed", f"the worker died each of the {begins} times it was begun"))
        self._finished(partition, offset)

    async def _execute(self, partition: Partition, entry: Entry, order: Order) -> None:
        try:
            if not self._is_unwanted(order):
                await self.bench.execute(order, self.segment, self.clock() - entry.at_s)
            self._finished(partition, entry.offset)
        except asyncio.CancelledError:
            if self._is_unwanted(order):
                self._finished(partition, entry.offset)
            raise

    def _finished(self, partition: Partition, offset: int) -> None:
        partition.ledger.finish(offset)
        self._stirred.set()

    async def _mark(self, member: Member) -> None:
        """Write down how far each partition is: at once, and then as often as is cheap."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            for partition in list(self._held.values()):
                if self._held.get(partition.number) is partition:
                    await self._write(member, partition)
            await asyncio.sleep(_MARK_S)

    async def _write(self, member: Member, partition: Partition) -> None:
        if partition.ledger.is_marked:
            return
        mark: Mark = partition.ledger.mark()
        try:
            await self.bench.log.checkpoint(member.owner.part(partition.number), [], {partition.number: mark})
            partition.ledger.marked(mark)
        except Fenced:  # it is told soon that the partition is lost
            return
        except LogError:  # once more a little later
            self._stirred.set()
            await asyncio.sleep(_PAUSE_S)

    async def _finish(self, member: Member, numbers: Iterable[int]) -> None:
        """Take no more of some partitions, finish what was begun, and write down how far they are."""
        leaving = [found for number in numbers if (found := self._held.pop(number, None))]
        for partition in leaving:
            if partition.reading:
                partition.reading.cancel()
        tasks = [task for partition in leaving for task in partition.tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=self.grace_s)
        for partition in leaving:
            await self._abandon(partition)
            await self._write(member, partition)

    async def _abandon(self, partition: Partition | None) -> None:
        """Let go of what is under way: whoever has the partition now begins it anew."""
        if partition is None:
            return
        tasks = [*partition.tasks, *((partition.reading,) if partition.reading else ())]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
