"""Kill and freeze the engine's processes under load, and count: every accepted run is to end in exactly one outcome that counts."""

import asyncio
import math
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos.roles import KILLER, PLAN, SESSION_S, TOPICS, expected
from tests.events.fakes import tensor

from headrace_events.codec import ends
from headrace_events.codec.events import read
from headrace_events.engine.events import Outcome
from headrace_events.ingress import Ingress, Submission
from headrace_events.log.contract import LogError
from headrace_events.log.sqlite.log import SqliteLog
from headrace_events.orchestrator.carrying import Carrier
from headrace_events.plans import Plans
from headrace_events.worker.exchanging import Exchanging
from headrace_serving.objects.file import FileStore

SECRET = b"s" * 32


@dataclass
class Counts:
    """What came of it."""

    asked: dict[str, str] = field(default_factory=dict[str, str])
    accepted: set[str] = field(default_factory=set[str])
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    void: int = 0
    kills: Counter[str] = field(default_factory=Counter[str])
    executions: Counter[str] = field(default_factory=Counter[str])
    took_s: float = 0.0

    @property
    def repeated(self) -> int:
        """Executions of an attempt that had been executed before."""
        return sum(times - 1 for times in self.executions.values())

    def text(self) -> str:
        statuses = Counter(outcome.status for outcome in self.outcomes.values())
        return (
            f"{len(self.accepted)} runs accepted, {dict(statuses)} in {self.took_s:.1f} s; "
            f"{len(self.accepted - set(self.outcomes))} lost, {self.void} outcomes void; {dict(self.kills)}; "
            f"{self.repeated} of {sum(self.executions.values())} executions repeated"
        )


@dataclass
class Chaos:
    """One storm.

    Attributes:
        folder: where everything lies.
        seed: of what happens when.
        kills: how many processes are killed or frozen, while runs are submitted.
        rate: runs a second.
        killers: runs whose task takes its worker down.
    """

    folder: Path
    seed: int
    kills: int
    rate: float = 25.0
    killers: int = 1
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    _all_answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def storm(self) -> Counts:
        """Submit and kill, then wait until all is answered."""
        self.random, begun_s = Random(self.seed), time.monotonic()
        self.log, self.store = await SqliteLog.open(self.folder / "log"), FileStore(self.folder / "objects")
        await self.log.declare((*TOPICS.shared(), *TOPICS.of(PLAN)))
        plans = Plans(self.log, TOPICS.name("plans"), self.store)
        following = asyncio.create_task(plans.follow())
        await plans.deploy(PLAN)
        self.ingress = Ingress(self.log, TOPICS, plans, Exchanging(self.store), SECRET)
        self.deployed = await plans.of_dag(PLAN.graph.name)
        keeping = [
            asyncio.create_task(self._keep(role, number)) for role in ("orchestrator", "worker") for number in (0, 1)
        ]
        submitting = asyncio.create_task(self._submit())
        try:
            await self._kill()
            submitting.cancel()
            await asyncio.wait({submitting})
            await self._answered()
        finally:
            submitting.cancel()
            for task in (*keeping, following):
                task.cancel()
            await asyncio.wait([*keeping, following])
            for process in self.processes.values():
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        self.counts.took_s = time.monotonic() - begun_s
        self.counts.executions = Counter((self.folder / "executions").read_text().split())
        await self.log.close()
        return self.counts

    async def _keep(self, role: str, number: int) -> None:
        """A process that is started again whenever it has died."""
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.chaos.roles", role, str(self.folder), stdout=asyncio.subprocess.DEVNULL
            )
            self.processes[f"{role}-{number}"] = process
            await process.wait()

    async def _submit(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(self.random.expovariate(self.rate))
            text = KILLER if number < self.killers else f"v{number}"
            submission = Submission(PLAN.graph.name)
            run = self.ingress.run_id(submission)
            self.counts.asked[str(run)] = text
            try:
                await self.ingress.accept(submission, run, self.deployed, {"x": tensor([text])})
            except LogError:
                continue
            self.counts.accepted.add(str(run))
            number += 1

    async def _kill(self) -> None:
        """Each way of dying as often as the others, in an order of the seed's."""
        ways = [(role, how) for role in ("orchestrator", "worker") for how in ("killed", "frozen")]
        ways = (ways * (self.kills // len(ways) + 1))[: self.kills]
        self.random.shuffle(ways)
        for role, how in ways:
            await asyncio.sleep(self.random.uniform(0.4, 1.2))
            process = await self._living(f"{role}-{self.random.randrange(2)}")
            self.counts.kills[f"{role} {how}"] += 1
            if how == "killed":
                process.kill()
                continue
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(SESSION_S + 1.0)
            process.send_signal(signal.SIGCONT)

    async def _living(self, name: str) -> asyncio.subprocess.Process:
        """A process that is there; one that died is started again soon."""
        async with asyncio.timeout(30):
            while (process := self.processes.get(name)) is None or process.returncode is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return process

    async def _answered(self, within_s: float = 90.0) -> None:
        """Wait until every run has its outcome, then a little for those that are void."""
        for process in self.processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
        reading = [asyncio.create_task(self._outcomes(number)) for number in range(TOPICS.partitions)]
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._all_answered.wait()
                await asyncio.sleep(1.0)
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)

    async def _outcomes(self, partition: int) -> None:
        offset = 0
        while True:
            for entry in await self.log.fetch(TOPICS.name("outcomes"), partition, offset, wait_s=math.inf):
                offset = entry.offset + 1
                if entry.draft.key in self.counts.outcomes:
                    self.counts.void += 1
                else:
                    self.counts.outcomes[entry.draft.key] = ends.read(entry, Outcome)
            if self.counts.accepted <= set(self.counts.outcomes):
                self._all_answered.set()

    async def answer(self, run: str) -> str:
        """What a run gave."""
        log = await SqliteLog.open(self.folder / "log")
        carrier = Carrier(log, TOPICS.name("inbox"), self.store)
        (pieces,) = self.counts.outcomes[run].outputs.values()
        (part,) = await carrier.pieces(int(run.partition("-")[0]), pieces)
        await log.close()
        return part.tensor().array.item().decode()

    async def told(self, run: str) -> str:
        """What the inbox holds of a run."""
        log, offset, found = await SqliteLog.open(self.folder / "log"), 0, list[str]()
        while entries := await log.fetch(TOPICS.name("inbox"), int(run.partition("-")[0]), offset):
            offset = entries[-1].offset + 1
            for entry in entries:
                if entry.draft.key == run:
                    event = read(entry).event
                    what = getattr(event, "task", "") or getattr(event, "name", "")
                    found.append(f"{entry.offset} {entry.at_s:.2f} {event.type} {what}")
        await log.close()
        return "; ".join(found)

    async def wrong(self) -> list[str]:
        """What is not as it must be."""
        lost = [run for run in self.counts.accepted if run not in self.counts.outcomes]
        found = [f"{run} has no outcome: {await self.told(run)}" for run in lost]
        for run, outcome in self.counts.outcomes.items():
            text = self.counts.asked[run]
            if text == KILLER:
                kind = outcome.failure.kind if outcome.failure else outcome.status
                found += [] if kind == "crashed" else [f"{run} takes its worker down, and ends {kind}"]
            elif outcome.status != "succeeded":
                found.append(f"{run} ends {outcome.status}: {outcome.failure and outcome.failure.message}")
            elif (got := await self.answer(run)) != expected(text):
                found.append(f"{run} gave {got}")
        return found
