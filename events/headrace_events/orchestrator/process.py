"""A replica of the orchestrator: takes its share of the inbox, folds it, and hands it over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from headrace_events.log.contract import SESSION_S, Change, Fenced, Log, Member
from headrace_events.orchestrator.carrying import Carrier
from headrace_events.orchestrator.publishing import Publisher
from headrace_events.orchestrator.replica import Nobody, Observer, Pace, Replica
from headrace_events.orchestrator.restoring import ended, restore
from headrace_events.orchestrator.shard import Shard
from headrace_events.orchestrator.timers import Timer, Timers
from headrace_events.plans import Plans
from headrace_events.topics import Topics
from headrace_serving.objects.contract import ObjectStore

GROUP = "orchestrator"


@dataclass
class Orchestrator:
    """One replica.

    Attributes:
        log: holds everything.
        topics: their names; declared when it runs.
        store: holds plans, and tensors that are too large for an order.
        name: of a replica that takes the place of the one before it by that name.
        pace: how it goes about its work.
        observer: is told of what happens.
        clock: the time, in Unix seconds.
        session_s: held for dead when nothing is heard of it for so long.
    """

    log: Log
    topics: Topics
    store: ObjectStore
    name: str = ""
    pace: Pace = field(default_factory=Pace)
    observer: Observer = field(default_factory=Nobody)
    clock: Callable[[], float] = time.time
    session_s: float = SESSION_S
    shards: dict[int, Shard] = field(default_factory=dict[int, Shard], init=False)
    _folding: dict[int, list[asyncio.Task[None]]] = field(
        default_factory=dict[int, list[asyncio.Task[None]]], init=False
    )

    def __post_init__(self) -> None:
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        plans = Plans(self.log, self.topics.name("plans"), self.store)
        carrier = Carrier(self.log, self.topics.name("inbox"), self.store)
        publisher = Publisher(self.log, self._break)
        self._replica = Replica(self.log, self.topics, plans, carrier, publisher, self.pace, self.observer, self.clock)
        self._timers = Timers(self.clock, self._due)

    async def run(self) -> None:
        """Work until cancelled: then what is under way is written down and handed over.

        Raises:
            Fenced: another replica goes by its name.
            Exception: what nobody expected; whoever takes over goes on from the last checkpoint.
        """
        await self.log.declare(self.topics.shared())
        member = await self.log.join(GROUP, self.topics.name("inbox"), name=self.name, session_s=self.session_s)
        jobs = [
            asyncio.ensure_future(job)
            for job in (self._replica.plans.follow(), self._timers.keep(), self._share(member), self._write(member))
        ]
        try:
            done, _ = await asyncio.wait([*jobs, self._broken], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            await self._leave(member, jobs)

    async def _share(self, member: Member) -> None:
        """Begin and end shards as partitions come and go."""
        while True:
            change = await member.changed()
            await self._heed(member, change)

    async def _heed(self, member: Member, change: Change) -> None:
        for number in change.lost:
            await self._drop(number)
        for number in change.leaving:
            await self._hand_over(member, number)
        await member.release(change.leaving)
        for number in change.gained:
            await self._begin(number)

    async def _begin(self, number: int) -> None:
        await self._drop(number)
        shard = Shard(number, self._replica, self._timers)
        shard.offset = (await self.log.committed(GROUP, self.topics.name("inbox"), number)).offset
        await restore(shard)
        self.shards[number] = shard
        shard.wind_up()
        self._folding[number] = [self._start(shard.consume()), self._start(self._recall(shard))]

    async def _recall(self, shard: Shard) -> None:
        await shard.heed_ended(await ended(self._replica, shard.number))

    async def _hand_over(self, member: Member, number: int) -> None:
        """Fold no more, and write down what was folded."""
        await self._halt(number)
        if shard := self.shards.get(number):
            with suppress(Fenced):
                await shard.checkpoint(member)
        await self._drop(number)

    async def _drop(self, number: int) -> None:
        """Forget a partition; nothing more is written of it."""
        await self._halt(number)
        if shard := self.shards.pop(number, None):
            for live in shard.runs.values():
                self._replica.discard(live)

    async def _halt(self, number: int) -> None:
        for task in self._folding.pop(number, []):
            task.cancel()
            await asyncio.wait({task})

    async def _write(self, member: Member) -> None:
        """Write down what has changed, every now and then."""
        while True:
            await self._replica.stirred.wait()
            await asyncio.sleep(self.pace.checkpoint_s)
            self._replica.stirred.clear()
            for shard in list(self.shards.values()):
                try:
                    await shard.checkpoint(member)
                except Fenced:
                    await self._drop(shard.number)

    async def _leave(self, member: Member, jobs: Sequence[asyncio.Future[None]]) -> None:
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)
        for number in list(self.shards):
            await self._hand_over(member, number)
        await self._replica.publisher.stop()
        await member.leave()

    def _due(self, timer: Timer) -> None:
        for shard in self.shards.values():
            shard.due(timer)

    def _start(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(job)
        task.add_done_callback(self._left)
        return task

    def _left(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """What nobody expected ends the replica: another one, or the next start, goes on from the last checkpoint."""
        if not self._broken.done():
            self._broken.set_exception(error)
