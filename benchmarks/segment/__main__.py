"""Run it: ``python -m benchmarks.segment [--rounds 9] [--without-ray]``. Loopback only; bounded in calls."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import tritonclient.grpc.aio as triton

from benchmarks.rounds import Call, Spread, interleave, p50_s, per_second, show, steady_per_second
from benchmarks.segment import bare, dags, ray_serve
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton import repository
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.settings import ServerSettings

IN_FLIGHT = 64
TRIVIAL, SLOW, BATCHED, ALONE = (400, 12_000), (30, 300), (60, 6_000), (60, 600)
"""Calls of one round: one at a time for latency, many in flight for throughput. A round of throughput takes a second or more:
in shorter ones two equal models differ by half, as the client and the server fall in and out of step on few processors.
"""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A bar: one case over another must be at most (or at least) ``bar``."""

    text: str
    mine: str
    floor: str
    bar: float
    at_least: bool = False

    def row(self, seen: dict[str, Spread]) -> list[str]:
        ratio = seen[self.mine].over(seen[self.floor])
        good = ratio.median >= self.bar if self.at_least else ratio.median <= self.bar
        sign = ">=" if self.at_least else "<="
        return [self.text, ratio.text(unit="x"), f"{sign} {self.bar:.2f}x", "ok" if good else "MISSED"]


LATENCY = (
    Ratio("two inline steps / one bare model", "fused", "bare", 1.15),
    Ratio("ensemble of two / one bare model", "ensemble", "bare", 1.7),
    Ratio("ensemble of two / the same ensemble by hand", "ensemble", "bare ensemble", 1.15),
    Ratio("ensemble of two 10 ms bodies / one bare model doing both", "slow ensemble", "bare slow", 1.1),
)
THROUGHPUT = (
    Ratio("one bare model / another, its equal: the noise", "bare again", "bare", 0.0, at_least=True),
    Ratio("two inline steps / one bare model", "fused", "bare", 1 / 1.15, at_least=True),
    Ratio(
        "ensemble of two by hand / one bare model: the floor of the next", "bare ensemble", "bare", 0.0, at_least=True
    ),
    Ratio("ensemble of two / one bare model", "ensemble", "bare", 1 / 1.7, at_least=True),
    Ratio("ensemble of two / the same ensemble by hand", "ensemble", "bare ensemble", 1 / 1.15, at_least=True),
    Ratio("ensemble of two 10 ms bodies / one bare model doing both", "slow ensemble", "bare slow", 1.7, at_least=True),
    Ratio("5 ms body with batching / without", "batching", "no batching", 10.0, at_least=True),
)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[triton.InferenceServerClient, dict[str, Plan]]]:
    """One server with every model of the benchmark, compiled and by hand."""
    root = Path(dags.__file__).parents[2]
    plans = {each.__name__: plan(each.graph, local(), gather(each.graph, root)) for each in dags.DAGS}
    models = folder / "all"
    models.mkdir()
    names = list(bare.write(models))
    for name, made in plans.items():
        written = repository.write(made, Workplace(import_root=root, objects=folder / "objects", scratch=folder / name))
        for model in written.models:
            (models / model).symlink_to(written.folder / model)
        names += written.models
    settings = ServerSettings(repository=models, models=tuple(names), folder=folder / "server")
    async with TritonServer(settings) as server, triton.InferenceServerClient(server.endpoint.grpc) as client:
        yield client, plans


def text_call(client: triton.InferenceServerClient, model: str, tensor: str) -> Call:
    """One text in, by the ordinary client."""
    value = triton.InferInput(tensor, [1, 1], "BYTES")
    value.set_data_from_numpy(np.array([[b"hello"]], dtype=np.object_))

    async def call() -> object:
        return await client.infer(model, [value])

    return call


def compiled_call(client: triton.InferenceServerClient, made: Plan) -> Call:
    """A call of a plan's only segment."""
    (segment,) = made.segments
    return text_call(client, segment.model, segment.inputs[0].name)


def twice(call: Call) -> Call:
    """A client that chains two models itself."""

    async def chained() -> object:
        await call()
        return await call()

    return chained


async def measure(rounds: int, *, with_ray: bool) -> None:
    """Measure every case and print the tables."""
    with tempfile.TemporaryDirectory() as name:
        async with served(Path(name)) as (client, plans):
            one = text_call(client, "bare", "text")
            calls = {
                "bare": (one, TRIVIAL),
                "fused": (compiled_call(client, plans["fused"]), TRIVIAL),
                "ensemble": (compiled_call(client, plans["ensemble"]), TRIVIAL),
                "bare again": (text_call(client, "bare_second", "text"), TRIVIAL),
                "bare ensemble": (text_call(client, bare.ENSEMBLE, "text"), TRIVIAL),
                "client chain": (twice(one), TRIVIAL),
                "bare slow": (text_call(client, "bare_slow", "text"), SLOW),
                "slow ensemble": (compiled_call(client, plans["slow_ensemble"]), SLOW),
                "batching": (compiled_call(client, plans["batching"]), BATCHED),
                "no batching": (compiled_call(client, plans["no_batching"]), ALONE),
            }
            seen = await both(calls, rounds)
    if with_ray:
        async with ray_serve.composition() as call:
            peer = await both({"ray serve": (call, (TRIVIAL[0], ALONE[1]))}, rounds)
        seen = ({**seen[0], **peer[0]}, {**seen[1], **peer[1]})
    report(*seen)


async def both(
    calls: dict[str, tuple[Call, tuple[int, int]]], rounds: int
) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """Latency with one in flight, and throughput with many, of each case."""
    for call, (count, _) in calls.values():
        await per_second(call, max(count // 4, 10), 8)  # warm-up
    one: dict[str, Callable[[], Awaitable[float]]] = {
        name: partial(p50_s, call, count) for name, (call, (count, _)) in calls.items()
    }
    many: dict[str, Callable[[], Awaitable[float]]] = {
        name: partial(steady_per_second, call, count, IN_FLIGHT) for name, (call, (_, count)) in calls.items()
    }
    return await interleave(one, rounds), await interleave(many, rounds)


def report(latency: dict[str, Spread], throughput: dict[str, Spread]) -> None:
    """Print what was measured and how it stands to the bars."""
    rows = [[name, each.text(1000, " ms"), throughput[name].text(unit="/s")] for name, each in latency.items()]
    show("segment: medians (lowest to highest round)", rows, ["case", "p50, one in flight", f"{IN_FLIGHT} in flight"])
    head = ["ratio, round by round", "median (spread)", "bar", ""]
    show("latency", [each.row(latency) for each in LATENCY], head)
    show("throughput", [each.row(throughput) for each in THROUGHPUT], head)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default 9)")
    parser.add_argument("--without-ray", action="store_true", help="leave the Ray Serve composition out")
    options = parser.parse_args()
    asyncio.run(measure(options.rounds, with_ray=not options.without_ray))


if __name__ == "__main__":
    main()
