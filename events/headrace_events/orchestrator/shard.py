"""One partition of the inbox: its runs, what each event makes of them, and what is written down of that."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_dags.errors import EnvironmentLack
from headrace_events.codec import ends
from headrace_events.codec.ends import EndedRun
from headrace_events.codec.events import Envelope, read
from headrace_events.codec.headers import NO_TRACE, Trace, Undecodable
from headrace_events.engine.decide import decide
from headrace_events.engine.ending import contradict
from headrace_events.engine.events import (
    CancelTasks,
    Command,
    Failed,
    IssueTask,
    Item,
    Outcome,
    Result,
    SetTimer,
    Submitted,
    TimerFired,
)
from headrace_events.engine.state import Folded
from headrace_events.log.contract import MAX_RECORD_BYTES, Draft, Entry, Mark, Member, NoRoom
from headrace_events.orchestrator.carrying import LostPayload
from headrace_events.orchestrator.live import About, LiveRun
from headrace_events.orchestrator.replica import Replica
from headrace_events.orchestrator.timers import Timer, Timers
from headrace_events.plans import UnknownPlan
from headrace_serving.failure import TaskFailure

_PAUSE_S = 0.5


@dataclass
class Finished:
    """A run that has ended since the last checkpoint.

    Attributes:
        outcome: how.
        trace: what it belonged to.
        prefix: where in the object store its objects lie.
        keys: of the records that the state topic holds of it.
        offset: where its outcome lies, once it is there.
    """

    outcome: Outcome
    trace: Trace = NO_TRACE
    prefix: str = ""
    keys: tuple[str, ...] = ()
    offset: int = -1

    def record(self, topic: str, partition: int) -> Draft:
        """What is known of it for some time."""
        return ends.ended(topic, partition, self.outcome.run, EndedRun(status=self.outcome.status, offset=self.offset))


@dataclass
class Shard:
    """A partition while a replica holds it.

    Attributes:
        number: of the partition.
        replica: whose.
        timers: of the replica.
        offset: the next event.
        runs: those under way.
        ended: those that have ended a short time ago, by id: when, in the log's time.
        knows_ended: whether those are known that ended before the partition came here.
        dropped: events for runs that are not there.
    """

    number: int
    replica: Replica
    timers: Timers
    offset: int = 0
    runs: dict[str, LiveRun] = field(default_factory=dict[str, LiveRun])
    ended: dict[str, float] = field(default_factory=dict[str, float])
    dropped: int = 0
    knows_ended: bool = False
    _parked: deque[Entry] = field(default_factory=deque[Entry])
    _parked_runs: set[str] = field(default_factory=set[str])
    _dirty: dict[str, LiveRun] = field(default_factory=dict[str, LiveRun])
    _finished: dict[str, Finished] = field(default_factory=dict[str, Finished])
    _marked: int = -1
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def consume(self) -> None:
        """Fold events for ever."""
        log, inbox = self.replica.log, self.replica.topics.name("inbox")
        while True:
            for entry in await log.fetch(inbox, self.number, self.offset, wait_s=math.inf):
                await self.take(entry)
                self.offset = entry.offset + 1
                self.replica.stirred.set()

    async def take(self, entry: Entry) -> None:
        """Fold one event. No event can stop a partition: what cannot be handled goes to the dead records, and its run ends."""
        try:
            envelope = read(entry)
        except Undecodable as error:
            self._cannot(entry, str(error))
            return
        if self._must_wait(entry, envelope):
            self._parked.append(entry)
            self._parked_runs.add(entry.draft.key)
        elif isinstance(envelope.event, Submitted):
            await self._begin(entry, envelope, envelope.event)
        elif live := self.runs.get(entry.draft.key):
            self._fold(live, entry, envelope)
        else:
            self.dropped += 1

    def _must_wait(self, entry: Entry, envelope: Envelope) -> bool:
        """Whether it is not known yet that a run is new: runs that have ended are read after those that are under way."""
        if self.knows_ended or entry.draft.key in self.runs:
            return False
        return isinstance(envelope.event, Submitted) or entry.draft.key in self._parked_runs

    async def heed_ended(self, ended: Mapping[str, float]) -> None:
        """The runs that had ended before the partition came here are known now."""
        self.ended = {**ended, **self.ended}
        self.knows_ended = True
        while self._parked:
            await self.take(self._parked[0])
            self._parked.popleft()

    def wind_up(self) -> None:
        """Set the timers of runs that were under way already; some may be due."""
        for run, live in self.runs.items():
            for name, at_s in live.timers.items():
                self.timers.set(Timer(at_s, run, name))

    def due(self, timer: Timer) -> None:
        """A timer came due: it takes effect when it is read back."""
        live = self.runs.get(timer.run)
        if live and live.timers.get(timer.name) == timer.at_s:
            self.replica.publisher.start(self.replica.report(live, self.number, TimerFired(name=timer.name)))

    async def _begin(self, entry: Entry, envelope: Envelope, event: Submitted) -> None:
        if event.run in self.runs or event.run in self.ended:
            return  # a repeated submit; its outcome is there, or will be
        about = About(plan=event.plan, tenant=event.tenant, priority=event.priority, trace=envelope.trace)
        try:
            deployed = await self.replica.plans.plan(event.plan)
        except UnknownPlan as error:
            self._cannot(entry, str(error))
            failure = TaskFailure(kind="internal", message=str(error))
            self.finish(Finished(Outcome(run=event.run, status="failed", failure=failure), envelope.trace), entry.at_s)
            return
        folded = decide(None, event, entry.at_s, deployed.wiring)
        assert folded[0]
        live = self.runs[event.run] = LiveRun(about, deployed, folded[0])
        self._apply(live, entry, envelope, folded)

    def _fold(self, live: LiveRun, entry: Entry, envelope: Envelope) -> None:
        try:
            folded: Folded = decide(live.state, envelope.event, entry.at_s, live.deployed.wiring)
        except Exception as error:  # noqa: BLE001 - whatever breaks here breaks this run alone
            self._cannot(entry, f"{type(error).__name__}: {error}")
            return
        self._heed(live, envelope)
        self._apply(live, entry, envelope, folded)

    def _heed(self, live: LiveRun, envelope: Envelope) -> None:
        """What an event means beside what ``decide`` makes of it."""
        match envelope.event:
            case Result(task=task) | Failed(task=task):
                self.replica.settle(live, task)
            case Item(task=task, index=index, outputs=outputs):
                items = live.streams.setdefault(task.segment, [])
                if index == len(items):
                    items.extend(outputs.values())
            case TimerFired(name=name):
                live.timers.pop(name, None)
            case _:
                pass

    def _apply(self, live: LiveRun, entry: Entry, envelope: Envelope, folded: Folded) -> None:
        self.replica.carrier.keep(self.number, entry.offset, envelope.parts)
        state, commands = folded
        if state is None:
            return
        live.state = state
        self._dirty[state.run] = live
        self.replica.observer.folded(live, envelope, entry, folded)
        for command in commands:
            self._carry_out(live, command, entry.at_s)

    def _carry_out(self, live: LiveRun, command: Command, at_s: float) -> None:
        match command:
            case IssueTask():
                self.replica.issue(live, self.number, command)
            case SetTimer(name=name, at_s=due_s):
                live.timers[name] = due_s
                self.timers.set(Timer(due_s, live.state.run, name))
            case CancelTasks(segment=segment):
                self.replica.discard(live, segment)
                self.replica.publisher.start(self.replica.stop(live.state.run, segment))
            case Outcome():
                self._end(live, command, at_s)

    def _cannot(self, entry: Entry, reason: str) -> None:
        """An event that cannot be handled: a person can look at it, and the run it is for, if there is one, ends."""
        self.replica.publisher.start(self.replica.bury(entry, reason))
        if live := self.runs.get(entry.draft.key):
            self._give_up(live, f"an event at {entry.offset} cannot be handled: {reason}", entry.at_s)

    def _give_up(self, live: LiveRun, why: str, at_s: float) -> None:
        """A run cannot go on, by our fault."""
        live.state, commands = contradict(live.state, why)
        for command in commands:
            self._carry_out(live, command, at_s)

    def _end(self, live: LiveRun, outcome: Outcome, at_s: float) -> None:
        self.replica.discard(live)
        self.runs.pop(outcome.run, None)
        self._dirty.pop(outcome.run, None)
        keys = tuple(key for key, _ in live.tombstones())
        self.finish(Finished(outcome, live.about.trace, live.prefix, keys), at_s)

    def finish(self, finished: Finished, at_s: float) -> None:
        """A run has come to its end, at this time of the log."""
        run = finished.outcome.run
        self.ended[run] = at_s
        self._finished[run] = finished
        self.replica.observer.ended(finished.outcome, at_s)
        self.replica.publisher.start(self._publish(finished))
        self.replica.stirred.set()

    async def _publish(self, finished: Finished) -> None:
        outcome = await self._gathered(finished)
        draft = ends.outcome(self.replica.topics.name("outcomes"), self.number, outcome, finished.trace)
        finished.offset = (await self.replica.publisher.append(draft)).offset

    async def _gathered(self, finished: Finished) -> Outcome:
        """The outcome, small enough for a record; a run whose outputs cannot be put together has failed."""
        outcome, gathered = finished.outcome, self.replica.carrier.gathered
        try:
            outputs = {
                name: tuple(await gathered(finished.prefix, self.number, pieces))
                for name, pieces in outcome.outputs.items()
            }
        except (LostPayload, EnvironmentLack, OSError, ValueError) as error:
            failure = TaskFailure(kind="environment", message=f"the outputs cannot be put together: {error}")
            return Outcome(run=outcome.run, status="failed", failure=failure)
        return outcome.model_copy(update={"outputs": outputs})

    async def checkpoint(self, member: Member) -> None:
        """Write down what has changed, together with how far the inbox is folded; after all that it made is published.

        Raises:
            Fenced: the partition has another owner.
        """
        async with self._writing:
            if self._dirty or self._finished or self.mark != self._marked:
                await self._checkpoint(member)

    async def _checkpoint(self, member: Member) -> None:
        dirty, self._dirty = self._dirty, {}
        finished, self._finished = self._finished, {}
        mark = self.mark
        records = [each for live in dirty.values() for each in self._records(live)]
        await self.replica.publisher.settled()
        drafts = [self._state(key, value) for key, value in records]
        for each in finished.values():
            drafts += [self._state(key, None) for key in each.keys]
            drafts.append(each.record(self.replica.topics.name("ended"), self.number))
        await self._write(member, drafts, mark)
        self._marked = mark
        self._forget(self.replica.clock() - self.replica.topics.dedupe_s)

    def _records(self, live: LiveRun) -> list[tuple[str, bytes | None]]:
        """What is to be written of a run; one whose state no record can hold ends."""
        found = list(live.records(self.replica.waiting(live)))
        if all(value is None or len(value) <= MAX_RECORD_BYTES for _, value in found):
            return found
        self._give_up(live, f"its state takes more than the {MAX_RECORD_BYTES} bytes of a record", self.replica.clock())
        return []

    @property
    def mark(self) -> int:
        """From where somebody else would go on."""
        return self._parked[0].offset if self._parked else self.offset

    async def _write(self, member: Member, drafts: list[Draft], mark: int) -> None:
        while True:
            try:
                owner = member.owner.part(self.number)
                await self.replica.log.checkpoint(owner, drafts, {self.number: Mark(mark)})
            except NoRoom:
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    def _state(self, key: str, value: bytes | None) -> Draft:
        return Draft(self.replica.topics.name("state"), self.number, key, value)

    def _forget(self, before_s: float) -> None:
        """A submit that is repeated later than that is a new one."""
        while self.ended and self.ended[first := next(iter(self.ended))] < before_s:
            del self.ended[first]
