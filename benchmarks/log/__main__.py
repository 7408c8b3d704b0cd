"""``python -m benchmarks.log``: what a hop over the embedded log costs between two processes, and how many records pass in a second.

The floors: a bare socket between two processes for the hop, SQLite alone in one process with 100 records a commit for the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.rounds import Spread, p50_s, per_second
from headrace_events.log.contract import Draft, Topic
from headrace_events.log.sqlite.log import SqliteLog

HOPS = 500
RECORDS = 20_000
IN_FLIGHT = 256
PAYLOAD = bytes(300)
HOP_BAR_S = 0.003
RATE_BAR = 5_000


def main() -> int:
    """Measure, print, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--role", choices=("echo", "count", "socket"), help=argparse.SUPPRESS)
    parser.add_argument("--at", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        _act(given.role, given.at)
        return 0
    rounds = [_round() for _ in range(given.rounds)]
    hop, bare_hop, rate, bare_rate = (Spread(tuple(values)) for values in zip(*rounds, strict=True))
    print(f"a hop, p50            {hop.text(1e3, ' ms')}  {_verdict(hop.median <= HOP_BAR_S, '<= 3 ms')}")
    print(f"  over a bare socket  {hop.over(bare_hop).text()}x of {bare_hop.text(1e3, ' ms')}")
    print(f"records a second      {rate.text()}  {_verdict(rate.median >= RATE_BAR, '>= 5,000')}")
    print(f"  of SQLite alone     {rate.over(bare_rate).text()}x of {bare_rate.text()}")
    return 0 if hop.median <= HOP_BAR_S and rate.median >= RATE_BAR else 1


def _verdict(met: bool, bar: str) -> str:
    return f"{'ok' if met else 'MISSED'} ({bar})"


def _round() -> tuple[float, float, float, float]:
    with tempfile.TemporaryDirectory(prefix="headrace-log-") as folder:
        at = Path(folder)
        return asyncio.run(_hop_s(at)), asyncio.run(_socket_hop_s(at)), asyncio.run(_rate(at)), _sqlite_rate(at)


async def _opened(at: Path) -> SqliteLog:
    log = await SqliteLog.open(at / "log")
    await log.declare([Topic("there"), Topic("back"), Topic("many")])
    return log


async def _hop_s(at: Path) -> float:
    """Half the way there and back."""
    log = await _opened(at)
    with _beside("echo", at):
        offsets = itertools.count()

        async def there_and_back() -> None:
            await log.append(Draft("there", 0, "k", PAYLOAD))
            await log.fetch("back", 0, next(offsets), wait_s=60)

        await p50_s(there_and_back, HOPS // 10)
        took_s = await p50_s(there_and_back, HOPS)
    await log.close()
    return took_s / 2


async def _rate(at: Path) -> float:
    """Records a second until another process has consumed all of them."""
    log = await _opened(at)
    end = await log.end("back", 0)
    with _beside("count", at):
        begun_s = time.perf_counter()
        await per_second(lambda: log.append(Draft("many", 0, "k", PAYLOAD)), RECORDS, IN_FLIGHT)
        await log.fetch("back", 0, end, wait_s=120)
        took_s = time.perf_counter() - begun_s
    await log.close()
    return RECORDS / took_s


async def _echo(at: Path) -> None:
    log, offset = await _opened(at), 0
    print("ready", flush=True)
    while True:
        for entry in await log.fetch("there", 0, offset, wait_s=600):
            offset = entry.offset + 1
            await log.append(Draft("back", 0, "k", entry.draft.value))


async def _count(at: Path) -> None:
    log, offset = await _opened(at), 0
    print("ready", flush=True)
    while offset < RECORDS:
        for entry in await log.fetch("many", 0, offset, wait_s=600):
            offset = entry.offset + 1
    await log.append(Draft("back", 0, "k", b"all"))
    await log.close()


def _act(role: str, at: Path) -> None:
    match role:
        case "echo":
            asyncio.run(_echo(at))
        case "count":
            asyncio.run(_count(at))
        case _:
            _socket_echo(at)


def _socket_echo(at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(at / "socket"))
        server.listen()
        print("ready", flush=True)
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)


async def _socket_hop_s(at: Path) -> float:
    with _beside("socket", at), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(at / "socket"))

        async def there_and_back() -> None:
            client.sendall(PAYLOAD)
            client.recv(1 << 16)

        await p50_s(there_and_back, HOPS // 10)
        return await p50_s(there_and_back, HOPS) / 2


def _sqlite_rate(at: Path) -> float:
    with sqlite3.connect(at / "bare.sqlite3", isolation_level=None) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, at_s REAL, key TEXT, value BLOB, headers TEXT)")
        begun_s = time.perf_counter()
        for start in range(0, RECORDS, 100):
            database.execute("BEGIN IMMEDIATE")
            for number in range(start, start + 100):
                database.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", (number, 0.0, "k", PAYLOAD, ""))
            database.execute("COMMIT")
        took_s = time.perf_counter() - begun_s
    database.close()
    return RECORDS / took_s


@contextmanager
def _beside(role: str, at: Path) -> Generator[None]:
    """Another process that is ready, and is ended in the end."""
    command = (sys.executable, "-m", "benchmarks.log", "--role", role, "--at", str(at))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline().strip() == "ready"
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
