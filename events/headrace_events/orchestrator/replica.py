"""What the partitions of one replica have in common: the log, the plans, the queues, and what is published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from headrace_dags.errors import EnvironmentLack
from headrace_dags.plan.model import Plan, Segment
from headrace_events.codec import ends
from headrace_events.codec.events import Envelope, Home
from headrace_events.engine.events import Event, Failed, IssueTask, Outcome, TaskKey
from headrace_events.engine.settings import window
from headrace_events.engine.state import Folded
from headrace_events.log.contract import Draft, Entry, Log
from headrace_events.orchestrator.carrying import Carrier
from headrace_events.orchestrator.live import LiveRun
from headrace_events.orchestrator.publishing import Publisher
from headrace_events.orchestrator.queues import SegmentQueue, Waiting
from headrace_events.plans import Plans
from headrace_events.topics import Topics
from headrace_serving.failure import FailureKind, TaskFailure


class Observer(Protocol):
    """Is told of what happens, before it is written down; after a crash some of it once more."""

    def folded(self, live: LiveRun, envelope: Envelope, entry: Entry, folded: Folded) -> None:
        """An event was folded: its run as it is now, the event, its record, and what ``decide`` made of it."""
        ...

    def ended(self, outcome: Outcome, at_s: float) -> None:
        """A run has ended, at this time of the log."""
        ...


class Nobody:
    """Observes nothing."""

    def folded(self, live: LiveRun, envelope: Envelope, entry: Entry, folded: Folded) -> None:
        """An event was folded."""

    def ended(self, outcome: Outcome, at_s: float) -> None:
        """A run has ended."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How an orchestrator goes about its work.

    Attributes:
        checkpoint_s: how often what has changed is written down; as much is done again after a crash.
        window: of a segment: how many of its tasks may be ordered and without a result at a time.
    """

    checkpoint_s: float = 0.1
    window: Callable[[Segment], int] = window


@dataclass
class Replica:
    """One replica.

    Attributes:
        log: holds everything.
        topics: their names.
        plans: what is deployed.
        carrier: makes orders.
        publisher: appends to the log.
        pace: how it goes about its work.
        observer: is told of what happens.
        clock: the time, in Unix seconds.
        stirred: set when there is something to write down.
    """

    log: Log
    topics: Topics
    plans: Plans
    carrier: Carrier
    publisher: Publisher
    pace: Pace = field(default_factory=Pace)
    observer: Observer = field(default_factory=Nobody)
    clock: Callable[[], float] = time.time
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _queues: dict[str, SegmentQueue] = field(default_factory=dict[str, SegmentQueue], init=False)
    _runs: dict[str, tuple[LiveRun, int]] = field(default_factory=dict[str, tuple[LiveRun, int]], init=False)

    def queue(self, plan: Plan, segment: str) -> SegmentQueue:
        """The queue of a segment; versions of it that do the same share one."""
        found = plan.by_name[segment]
        topic = self.topics.tasks(plan, found)
        if topic not in self._queues:
            self._queues[topic] = SegmentQueue(self.pace.window(found), self.topics.task_partitions)
        return self._queues[topic]

    def waiting(self, live: LiveRun) -> dict[str, list[TaskKey]]:
        """The tasks of a run that are not ordered yet, by segment."""
        plan = live.deployed.plan
        return {each.name: [*self.queue(plan, each.name).waiting(live.state.run)] for each in plan.segments}

    def issue(self, live: LiveRun, partition: int, command: IssueTask) -> None:
        """A task is to be ordered, once its turn has come."""
        self._runs[live.state.run] = live, partition
        self.queue(live.deployed.plan, command.task.segment).push(live.state.run, command, live.about.priority)
        self.pump(live.deployed.plan, command.task.segment)

    def settle(self, live: LiveRun, task: TaskKey) -> None:
        """A task has come to its end: another may be ordered."""
        if task.segment in live.deployed.plan.by_name:
            self.queue(live.deployed.plan, task.segment).settle(live.state.run, task)
            self.pump(live.deployed.plan, task.segment)

    def discard(self, live: LiveRun, segment: str = "") -> None:
        """No task of a run, or of one of its segments, is wanted any more."""
        for each in live.deployed.plan.segments:
            if segment in {"", each.name}:
                self.queue(live.deployed.plan, each.name).discard(live.state.run)
                self.pump(live.deployed.plan, each.name)
        if not segment:
            self._runs.pop(live.state.run, None)

    def pump(self, plan: Plan, segment: str) -> None:
        """Order what may be ordered now."""
        queue = self.queue(plan, segment)
        while found := queue.next():
            waiting, partition = found
            self.publisher.start(self._order(waiting, partition))

    async def _order(self, waiting: Waiting, partition: int) -> None:
        if (found := self._runs.get(waiting.run)) is None:
            return
        live, home = found
        plan, task = live.deployed.plan, waiting.command.task
        try:
            order = await self.carrier.order(live, home, waiting.command)
            await self.publisher.append(order.draft(self.topics.tasks(plan, plan.by_name[task.segment]), partition))
        except EnvironmentLack as error:
            await self._fail(live, home, task, "environment", str(error))
        except OSError as error:
            await self._fail(live, home, task, "unavailable", f"the object store: {error}")
        except Exception as error:  # noqa: BLE001 - whatever breaks here breaks this task alone
            await self._fail(live, home, task, "internal", f"{type(error).__name__}: {error}")

    async def _fail(self, live: LiveRun, home: int, task: TaskKey, kind: FailureKind, message: str) -> None:
        """The task alone fails, and all else goes on."""
        await self.report(live, home, Failed(task=task, failure=TaskFailure(kind=kind, message=message)))

    async def report(self, live: LiveRun, home: int, event: Event) -> None:
        """Append an event of a run to its inbox."""
        place = Home(self.topics.name("inbox"), home, live.state.run, live.about.trace)
        await self.publisher.append(place.draft(event))

    async def bury(self, entry: Entry, reason: str) -> None:
        """Keep what cannot be handled where a person looks."""
        await self.publisher.append(ends.dead(self.topics.name("dead"), entry, reason))

    async def stop(self, run: str, segment: str) -> None:
        """Tell those who execute tasks of a run that they need not go on."""
        draft: Draft = ends.stop(self.topics.name("control"), ends.Stop(run=run, segment=segment))
        await self.publisher.append(draft)
