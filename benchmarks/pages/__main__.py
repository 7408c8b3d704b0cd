"""Run it: ``python -m benchmarks.pages [--rounds 9]``. Loopback only; both ways call the same models of the same server."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tritonclient.grpc.aio as triton

from benchmarks.pages import byhand, dags
from benchmarks.rounds import Spread, interleave, show
from headrace.launch.drive import encoded
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Signature
from headrace_dags.declare.understand import declaration_of
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.engine.progress import Progress
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.shell import execute_run
from headrace_serving.codec import Sink, decode
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.triton import TritonExecutor

ROOT = Path(dags.__file__).parents[2]
BAR = 1.3
BY_HAND = {"straight": byhand.straight, "switched": byhand.switched}
Way = Callable[[], Awaitable[dags.Table]]


@dataclass(frozen=True)
class Engine:
    """A dag on a server that is running: each call is a run, recorded as any run is.

    Attributes:
        plan: of the dag.
        signature: of the dag.
        executor: serves the plan.
        folder: where objects and records lie.
    """

    plan: Plan
    signature: Signature
    executor: TritonExecutor
    folder: Path
    numbers: itertools.count[int]

    async def run(self) -> dags.Table:
        """One run, from the value that goes in to the value that comes out, with the progress that a terminal shows."""
        run, store = f"run-{next(self.numbers)}", FileStore(self.folder / "objects")
        tensors = encoded(self.plan, self.signature, {"count": dags.PAGES}, Sink(store, f"default/{run}"))
        record = RunFolder(self.folder / run)
        await execute_run(self.plan, run, tensors, self.executor, record, Progress(self.plan).observe, store=store)
        ((name, flow, tensor),) = RunRecord.read(record.path).outputs(store)
        found: dags.Table = decode(flow, self.signature.annotations[f"out:{name}"], tensor, store)
        return found


@asynccontextmanager
async def ways(dag: Dag[..., Any], folder: Path) -> AsyncIterator[tuple[Way, Way]]:
    """A server with the dag's models, and the two ways to use it: through the engine, and by hand."""
    made = plan(dag.graph, local(), gather(dag.graph, ROOT))
    workplace = Workplace(import_root=ROOT, objects=folder / "objects", scratch=folder / "scratch")
    async with AsyncExitStack() as open_:
        executor = await open_.enter_async_context(TritonExecutor(made, workplace))
        client = await open_.enter_async_context(triton.InferenceServerClient(executor.server.endpoint.grpc))
        engine = Engine(made, declaration_of(dag).signature, executor, folder, itertools.count())
        models, loop = byhand.models(made, client), BY_HAND[dag.__name__.removesuffix("_slow")]
        yield engine.run, lambda: loop(models, dags.PAGES)


async def took_s(way: Way) -> float:
    start = time.perf_counter()
    await way()
    return time.perf_counter() - start


async def measured(dag: Dag[..., Any], rounds: int) -> tuple[Spread, Spread]:
    """Seconds of a run through the engine and by hand, after both have given the same once."""
    with tempfile.TemporaryDirectory() as folder:
        async with ways(dag, Path(folder)) as (through, by_hand):
            assert await through() == await by_hand(), "the two ways differ"
            seen = await interleave({"engine": lambda: took_s(through), "hand": lambda: took_s(by_hand)}, rounds)
    return seen["engine"], seen["hand"]


def row(dag: Dag[..., Any], rounds: int) -> list[str]:
    engine, hand = asyncio.run(measured(dag, rounds))
    ratio = engine.over(hand)
    verdict = "ok" if ratio.median <= BAR else "MISSED"
    name = dag.__name__.replace("_slow", ", 10 ms a batch")
    return [name, hand.text(1000, " ms"), engine.text(1000, " ms"), ratio.text(unit="x"), verdict]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default 9)")
    parser.add_argument("--only", choices=[dag.__name__ for dag in dags.DAGS], help="one of the dags")
    options = parser.parse_args()
    rows = [row(dag, options.rounds) for dag in dags.DAGS if options.only in (None, dag.__name__)]
    head = ["sub-dag", "by hand", "through the engine", "ratio, round by round", f"<= {BAR:.1f}x"]
    show(f"pages: a mapped sub-dag of {dags.PAGES} pages on Triton, medians (lowest to highest round)", rows, head)


if __name__ == "__main__":
    main()
