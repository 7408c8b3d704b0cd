"""``python -m benchmarks.events [--rounds 5]``: from submit to outcome over the embedded log, beside a call of the same Triton model.

An orchestrator and a worker with its server are processes of their own, as under ``headrace up``; the records of runs on disk are
not written. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.events import dag
from benchmarks.rounds import Spread, interleave, p50_s, show, steady_per_second
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.ingress import Ingress, Submission
from headrace_events.log.sqlite.log import SqliteLog
from headrace_events.orchestrator.process import Orchestrator
from headrace_events.orchestrator.replica import Pace
from headrace_events.plans import Deployed, Plans
from headrace_events.topics import Topics
from headrace_events.worker.exchanging import Exchanging
from headrace_events.worker.process import Worker
from headrace_serving.objects.file import FileStore
from headrace_serving.oip import OipClient
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.triton import TritonExecutor
from headrace_serving.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(dag.__file__).parents[2]
TOPICS = Topics(partitions=2, task_partitions=2)
PLACES = 64
TEXT = Tensor.of_bytes([b"lorem ipsum " * 20])
ONE, MANY = 100, 2_000


def made() -> Plan:
    graph = dag.echoed.graph
    return plan(graph, local(), gather(graph, ROOT))


@dataclass
class Client:
    """Submits runs, and waits for their outcomes.

    Attributes:
        log: of the engine.
        ingress: the door.
        deployed: the plan.
    """

    log: SqliteLog
    ingress: Ingress
    deployed: Deployed
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict[str, "asyncio.Future[None]"])

    async def run(self) -> None:
        """One run, from the submit to its outcome."""
        submission = Submission("echoed")
        run = self.ingress.run_id(submission)
        future = self.waiting[str(run)] = asyncio.get_running_loop().create_future()
        await self.ingress.accept(submission, run, self.deployed, {"text": TEXT})
        await future

    async def hear(self, partition: int) -> None:
        """Outcomes as they come."""
        topic, offset = TOPICS.name("outcomes"), await self.log.end(TOPICS.name("outcomes"), partition)
        while True:
            for entry in await self.log.fetch(topic, partition, offset, wait_s=math.inf):
                offset = entry.offset + 1
                if (future := self.waiting.pop(entry.draft.key, None)) and not future.done():
                    future.set_result(None)


@asynccontextmanager
async def engine(folder: Path) -> AsyncGenerator[tuple[Client, OipClient, str]]:
    """An engine of three processes, a client of it, and a client of its server."""
    async with AsyncExitStack() as open_:
        address = open_.enter_context(beside("worker", folder))
        open_.enter_context(beside("orchestrator", folder))
        log = await SqliteLog.open(folder / "log")
        open_.push_async_callback(log.close)
        plans = Plans(log, TOPICS.name("plans"), FileStore(folder / "objects"))
        ingress = Ingress(log, TOPICS, plans, Exchanging(FileStore(folder / "objects")), b"s" * 32)
        jobs = [asyncio.create_task(plans.follow())]
        client = Client(log, ingress, await plans.of_dag("echoed"))
        jobs += [asyncio.create_task(client.hear(number)) for number in range(TOPICS.partitions)]
        oip = await open_.enter_async_context(OipClient(address))
        (segment,) = client.deployed.plan.segments
        yield client, oip, segment.model
        for job in jobs:
            job.cancel()
        await asyncio.wait(jobs)


async def measured(rounds: int) -> dict[str, Spread]:
    with tempfile.TemporaryDirectory(prefix="headrace-events-") as folder:
        async with engine(Path(folder)) as (client, oip, model):
            (flow,) = client.deployed.plan.inputs

            async def call() -> None:
                await oip.infer(model, {flow.name: TEXT}, "bench")

            cases: dict[str, Callable[[], Awaitable[float]]] = {}
            for name, each in (("call", call), ("run", client.run)):
                await p50_s(each, 20)
                cases[f"{name} p50"] = lambda each=each: p50_s(each, ONE)  # type: ignore[misc]
                for in_flight in (64, 1_000):
                    cases[f"{name} {in_flight}"] = lambda each=each, n=in_flight: steady_per_second(each, MANY, n)  # type: ignore[misc]
            return await interleave(cases, rounds)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--role", choices=("orchestrator", "worker"), help=argparse.SUPPRESS)
    parser.add_argument("--at", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        asyncio.run(act(given.role, given.at))
        return
    seen = asyncio.run(measured(given.rounds))
    over = Spread(tuple(run - call for run, call in zip(seen["run p50"].values, seen["call p50"].values, strict=True)))
    rows = [
        [
            "p50, one in flight",
            seen["call p50"].text(1e3, " ms"),
            seen["run p50"].text(1e3, " ms"),
            f"+{over.text(1e3, ' ms')}",
        ],
        *(
            [
                f"{n} in flight",
                seen[f"call {n}"].text(unit="/s"),
                seen[f"run {n}"].text(unit="/s"),
                f"{seen[f'run {n}'].over(seen[f'call {n}']).text()}x",
            ]
            for n in (64, 1_000)
        ),
    ]
    show(
        "events: a one-segment run over the embedded log, medians (lowest to highest round)",
        rows,
        ["", "a call of the model", "a durable run", "over"],
    )


async def act(role: str, folder: Path) -> None:
    """One of the engine's processes."""
    log, store = await SqliteLog.open(folder / "log"), FileStore(folder / "objects")
    await log.declare(TOPICS.shared())
    if role == "orchestrator":
        print("ready", flush=True)
        await Orchestrator(log, TOPICS, store, pace=Pace(window=lambda _: 2 * PLACES)).run()
        return
    workplace = Workplace(import_root=ROOT, objects=folder / "objects", scratch=folder / "scratch")
    async with TritonExecutor(made(), workplace) as executor:
        await Plans(log, TOPICS.name("plans"), store).deploy(made())
        await log.declare(TOPICS.of(made()))
        print(executor.server.endpoint.grpc, flush=True)
        await Worker(log, TOPICS, made(), executor, store, places=lambda _: PLACES).run()


@contextmanager
def beside(role: str, folder: Path) -> Generator[str]:
    """Another process, and the line by which it says that it is ready."""
    command = (sys.executable, "-m", "benchmarks.events", "--role", role, "--at", str(folder))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    main()
