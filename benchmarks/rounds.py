"""Interleaved rounds: every case is measured once in each round, so that a machine whose speed drifts is fair to all."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Spread:
    """Measurements of one case over all rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def over(self, floor: Spread) -> Spread:
        """This case over ``floor``, round by round."""
        return Spread(tuple(mine / theirs for mine, theirs in zip(self.values, floor.values, strict=True)))

    def text(self, scale: float = 1.0, unit: str = "") -> str:
        low, middle, high = min(self.values) * scale, self.median * scale, max(self.values) * scale
        return f"{middle:.2f}{unit} ({low:.2f} to {high:.2f})"


async def p50_s(call: Call, calls: int) -> float:
    """Median seconds of ``calls`` calls, one in flight."""
    times: list[float] = []
    for _ in range(calls):
        start = time.perf_counter()
        await call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


async def steady_per_second(call: Call, calls: int, in_flight: int) -> float:
    """As :func:`per_second`, after a tenth of the calls: another case ran a moment ago, and took the caches."""
    await per_second(call, calls // 10, in_flight)
    return await per_second(call, calls, in_flight)


async def per_second(call: Call, calls: int, in_flight: int) -> float:
    """Calls answered a second with ``in_flight`` of them open all the time."""
    left = iter(range(calls))

    async def client() -> None:
        for _ in left:
            await call()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(in_flight)))
    return calls / (time.perf_counter() - start)


async def interleave(cases: dict[str, Callable[[], Awaitable[float]]], rounds: int) -> dict[str, Spread]:
    """Measure every case once a round; even rounds in reverse order."""
    seen: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        order: Sequence[str] = list(cases)[:: -1 if number % 2 else 1]
        for name in order:
            seen[name].append(await cases[name]())
    return {name: Spread(tuple(values)) for name, values in seen.items()}


def process_s(code: str) -> float:
    """Wall seconds of a fresh interpreter that runs ``code``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def show(title: str, rows: Sequence[Sequence[str]], head: Sequence[str]) -> None:
    """Print a table."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n{title}")
    for row in (head, ["-" * width for width in widths], *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
