"""A whole installation in the test's process: a log, orchestrators, workers, a door. Anything of it can be killed."""

import asyncio
import math
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.events.fakes import Fake, Texts, tensor, texts

from headrace_dags.plan.model import Plan
from headrace_events.codec import ends
from headrace_events.codec.events import Envelope, read
from headrace_events.codec.parts import Part
from headrace_events.engine.events import Event, Outcome
from headrace_events.ingress import Ingress, Submission
from headrace_events.log.contract import Entry, Log
from headrace_events.orchestrator.carrying import Carrier
from headrace_events.orchestrator.process import Orchestrator
from headrace_events.plans import Plans
from headrace_events.topics import Topics
from headrace_events.worker.exchanging import Exchanging
from headrace_events.worker.process import Worker
from headrace_serving.objects.file import FileStore

SECRET = b"s" * 32


@dataclass
class Installation:
    """What there is of it."""

    log: Log
    path: Path
    topics: Topics = field(default_factory=lambda: Topics(partitions=2, task_partitions=2))
    jobs: list[asyncio.Task[None]] = field(default_factory=list)
    orchestrators: list[Orchestrator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = FileStore(self.path / "objects")
        self.plans = Plans(self.log, self.topics.name("plans"), self.store)
        self.exchanging = Exchanging(self.store)
        self.ingress = Ingress(self.log, self.topics, self.plans, self.exchanging, SECRET)

    async def begin(self, plan: Plan, fake: Fake, **options: Any) -> None:
        """One of each."""
        await self.log.declare((*self.topics.shared(), *self.topics.of(plan)))
        self.start(self.plans.follow())
        await self.plans.deploy(plan)
        self.orchestrate()
        self.work(plan, fake, **options)

    def start(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.jobs.append(asyncio.create_task(job))
        return self.jobs[-1]

    def orchestrate(self, **options: Any) -> asyncio.Task[None]:
        self.orchestrators.append(Orchestrator(self.log, self.topics, self.store, **options))
        return self.start(self.orchestrators[-1].run())

    def work(self, plan: Plan, fake: Fake, **options: Any) -> asyncio.Task[None]:
        return self.start(Worker(self.log, self.topics, plan, fake, self.store, **options).run())

    async def submit(self, plan: Plan, key: str = "", priority: int = 0, **inputs: list[str]) -> str:
        submission = Submission(plan.graph.name, key=key, priority=priority)
        run = self.ingress.run_id(submission)
        deployed = await self.plans.of_dag(plan.graph.name)
        await self.ingress.accept(submission, run, deployed, {name: tensor(items) for name, items in inputs.items()})
        return str(run)

    def is_known(self, run: str) -> bool:
        """Whether some orchestrator holds the run."""
        return any(run in shard.runs for each in self.orchestrators for shard in each.shards.values())

    async def outcome(self, run: str, within_s: float = 30.0) -> Outcome:
        """The first outcome of a run."""
        return (await self.outcomes(run, within_s))[0]

    async def outcomes(self, run: str, within_s: float = 30.0) -> list[Outcome]:
        """All outcomes of a run that there are when the first one is."""
        partition, offset, found = int(run.partition("-")[0]), 0, list[Outcome]()
        async with asyncio.timeout(within_s):
            while not found:
                for entry in await self.log.fetch(self.topics.name("outcomes"), partition, offset, wait_s=math.inf):
                    offset = entry.offset + 1
                    if entry.draft.key == run:
                        found.append(ends.read(entry, Outcome))
        return found

    async def outputs(self, run: str, plan: Plan) -> Texts:
        """What a run that succeeded gave."""
        outcome = await self.outcome(run)
        assert outcome.status == "succeeded", outcome
        carrier = Carrier(self.log, self.topics.name("inbox"), self.store)
        partition = int(run.partition("-")[0])
        found: Texts = {}
        for name, pieces in outcome.outputs.items():
            found[name] = []
            for piece in await carrier.pieces(partition, pieces):
                found[name] += texts(piece.tensor() if isinstance(piece, Part) else self.exchanging.read(piece))
        return found

    async def events(self, run: str) -> list[Event]:
        """What is in the inbox of a run."""
        return [envelope.event for envelope, _ in await self.envelopes(run)]

    async def envelopes(self, run: str) -> list[tuple[Envelope, Entry]]:
        partition, offset, found = int(run.partition("-")[0]), 0, list[tuple[Envelope, Entry]]()
        while entries := await self.log.fetch(self.topics.name("inbox"), partition, offset):
            offset = entries[-1].offset + 1
            found += [(read(entry), entry) for entry in entries if entry.draft.key == run]
        return found

    async def all(self, topic: Any, partition: int = 0) -> list[Entry]:
        offset, found = 0, list[Entry]()
        while entries := await self.log.fetch(self.topics.name(topic), partition, offset):
            offset = entries[-1].offset + 1
            found += entries
        return found

    async def end(self) -> None:
        """All that is left of it leaves; what broke is told."""
        for job in self.jobs:
            job.cancel()
        for job in self.jobs:
            with suppress(asyncio.CancelledError):
                await job
