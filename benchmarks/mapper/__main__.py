"""Run it: ``python -m benchmarks.mapper [--rounds 7]``. Loopback only; bounded in calls."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.mapper import dags
from benchmarks.rounds import Call, Spread, interleave, p50_s, per_second, show
from headrace_dags.graph import Graph
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.engine.record import RunFolder
from headrace_events.engine.runid import new_run_id
from headrace_events.engine.shell import execute_run
from headrace_serving.objects.file import FileStore
from headrace_serving.oip import OipClient
from headrace_serving.runtimes.contract import Task, Workplace
from headrace_serving.runtimes.together import together
from headrace_serving.runtimes.triton import TritonExecutor
from headrace_serving.tensors import Tensor

ITEMS = (8, 37, 200)
AT_ONCE = 4
CLIENT_IN_FLIGHT = 8
LATENCY_CALLS, THROUGHPUT_CALLS = 7, 12


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with the models of every plan.

    Attributes:
        plans: by the dag's name.
        executor: serves all of them.
        oip: a client of its server.
        place: where it does.
    """

    plans: Mapping[str, Plan]
    executor: TritonExecutor
    oip: OipClient
    place: Workplace

    async def run(self, dag: str, items: int) -> object:
        """A whole run by the engine: submitted, driven, recorded."""
        made, run = self.plans[dag], str(new_run_id(b"secret"))
        folder = RunFolder(self.place.objects.parent / "runs" / run)
        inputs = {made.inputs[0].use.port: number(items)}
        store = FileStore(self.place.objects)
        outcome = await execute_run(made, run, inputs, self.executor, folder, lambda *_: None, store=store)
        assert outcome.failure is None, outcome
        return outcome

    async def call(self, dag: str, items: int) -> object:
        """One call of the mapper's segment, without the engine."""
        (segment,) = self.plans[dag].segments
        task = Task(id=f"run/x/0/{next(_NUMBERS)}", prefix="local/run", segment=segment.name)
        return await self.executor.call(task, {segment.inputs[0].name: number(items)})

    async def client(self, dag: str, items: int) -> object:
        """A client that cuts the items itself and calls the model behind the mapper, several calls at once."""
        (segment,) = self.plans[dag].segments
        assert segment.mapper
        (call,) = segment.mapper.calls
        values = [f"{item}".encode() for item in range(items)]
        parts = [values[start : start + call.chunk] for start in range(0, items, call.chunk)]
        model, name = segment.model_of_call(call), call.inputs[0].name
        inputs = [{name: Tensor.of_bytes(part)} for part in parts]
        return await together(
            [partial(self.oip.infer, model, each, "local/run/x/0/1") for each in inputs], CLIENT_IN_FLIGHT
        )


_NUMBERS = count()


def number(items: int) -> Tensor:
    return Tensor.of_bytes([f"{items}".encode()])


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Bench]:
    """One server for all dags."""
    root = Path(dags.__file__).parents[2]
    names = [f"{body}_by_{way}" for body in dags.BODIES for way in ("mapper", "chunks")]
    found = {name: getattr(dags, name) for name in names}
    plans = {name: plan(dag.graph, local(), gather(dag.graph, root)) for name, dag in found.items()}
    nodes = tuple(node for made in plans.values() for node in made.graph.nodes)
    segments = tuple(segment for made in plans.values() for segment in made.segments)
    whole = Plan(
        graph=Graph(name="all", target="", inputs=(), outputs=(), nodes=nodes), target=local(), segments=segments
    )
    place = Workplace(import_root=root, objects=folder / "objects", scratch=folder / "scratch")
    async with TritonExecutor(whole, place) as executor, OipClient(executor.server.endpoint.grpc) as client:
        yield Bench(plans, executor, client, place)


RATIOS = (
    ("a run by the mapper / by the engine's chunks", "run by mapper", "run by chunks"),
    ("the mapper's segment / a client's own calls of the model", "segment", "client"),
)


def cases(bench: Bench, body: str, items: int) -> dict[str, Call]:
    """The ways to have a body's items handled."""
    mapper, chunks = f"{body}_by_mapper", f"{body}_by_chunks"
    return {
        "run by mapper": partial(bench.run, mapper, items),
        "run by chunks": partial(bench.run, chunks, items),
        "segment": partial(bench.call, mapper, items),
        "client": partial(bench.client, mapper, items),
    }


async def measure(rounds: int) -> None:
    """Measure every case and print the tables."""
    with tempfile.TemporaryDirectory() as name:
        async with served(Path(name)) as bench:
            for body in dags.BODIES:
                for items in ITEMS:
                    report(f"{body}, {items} items", *await both(cases(bench, body, items), rounds))


async def both(calls: dict[str, Call], rounds: int) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """Latency with one in flight, and throughput with some."""
    for call in calls.values():
        await per_second(call, 2 * AT_ONCE, AT_ONCE)  # warm-up
    one: dict[str, Callable[[], Awaitable[float]]] = {
        name: partial(p50_s, call, LATENCY_CALLS) for name, call in calls.items()
    }
    some: dict[str, Callable[[], Awaitable[float]]] = {
        name: partial(per_second, call, THROUGHPUT_CALLS, AT_ONCE) for name, call in calls.items()
    }
    return await interleave(one, rounds), await interleave(some, rounds)


def report(title: str, latency: dict[str, Spread], throughput: dict[str, Spread]) -> None:
    """Print what was measured, and each ratio round by round."""
    rows = [[name, each.text(1000, " ms"), throughput[name].text(unit="/s")] for name, each in latency.items()]
    show(f"{title}: medians (lowest to highest round)", rows, ["case", "p50, one in flight", f"{AT_ONCE} in flight"])
    ratios = [
        [
            text,
            latency[mine].over(latency[floor]).text(unit="x"),
            throughput[mine].over(throughput[floor]).text(unit="x"),
        ]
        for text, mine, floor in RATIOS
    ]
    show("ratios, round by round", ratios, ["ratio", "latency", "throughput"])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    asyncio.run(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
