"""A worker: the segments of one plan that its executor serves, each with a station of its own."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from headrace_dags.plan.model import Plan, Segment
from headrace_events.codec import ends
from headrace_events.codec.headers import Undecodable
from headrace_events.engine.settings import window
from headrace_events.log.contract import SESSION_S, Log
from headrace_events.topics import Topics
from headrace_events.worker.exchanging import Exchanging
from headrace_events.worker.executing import Bench
from headrace_events.worker.floor import Floor
from headrace_events.worker.station import Station
from headrace_events.worker.stopped import Stopped
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.runtimes.contract import Executor


@dataclass
class Worker:
    """One worker.

    Attributes:
        log: where its orders are.
        topics: their names.
        plan: whose segments it executes.
        executor: serves them; entered by the caller.
        store: holds large tensors.
        places: of a segment: how many of its tasks may be under way at a time.
        session_s: held for dead when nothing is heard of it for so long.
        grace_s: how long tasks that were begun may take when it is to leave.
        clock: the log's time, in Unix seconds.
    """

    log: Log
    topics: Topics
    plan: Plan
    executor: Executor
    store: ObjectStore
    places: Callable[[Segment], int] = window
    session_s: float = SESSION_S
    grace_s: float = 30.0
    clock: Callable[[], float] = time.time
    _stopped: Stopped = field(default_factory=Stopped, init=False)
    _floor: Floor = field(default_factory=Floor, init=False)

    async def run(self) -> None:
        """Work until cancelled.

        Raises:
            Exception: what nobody expected, as a log that fails; whoever takes over goes on from the last mark.
        """
        await self.log.declare((*self.topics.shared(), *self.topics.of(self.plan)))
        control_from = await self.log.end(self.topics.name("control"), 0)
        bench = Bench(self.log, self.topics.name("inbox"), self.executor, Exchanging(self.store))
        stations = [self._station(bench, segment) for segment in self.plan.segments]
        jobs = [asyncio.ensure_future(each.run()) for each in stations]
        listening = asyncio.ensure_future(self._listen(control_from, stations))
        try:
            done, _ = await asyncio.wait([*jobs, listening], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for job in (*jobs, listening):
                job.cancel()
            await asyncio.wait([*jobs, listening])

    def _station(self, bench: Bench, segment: Segment) -> Station:
        return Station(
            bench,
            self.topics.tasks(self.plan, segment),
            self.topics.name("dead"),
            segment,
            self.places(segment),
            self._stopped,
            self._floor,
            self.session_s,
            self.grace_s,
            self.clock,
        )

    async def _listen(self, offset: int, stations: list[Station]) -> None:
        """Hear of runs that nobody waits for any more."""
        while True:
            for entry in await self.log.fetch(self.topics.name("control"), 0, offset, wait_s=math.inf):
                offset = entry.offset + 1
                with suppress(Undecodable):
                    found = ends.read(entry, ends.Stop)
                    self._stopped.add(found.run, found.segment)
                    for station in stations:
                        station.stop(found.run, found.segment)
