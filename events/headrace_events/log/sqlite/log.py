"""The embedded log: appends through one writing thread, reads through one reading thread, waits that others' appends end."""

from __future__ import annotations

import asyncio
import json
import math
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar

from headrace_events.log.contract import (
    MAX_RECORD_BYTES,
    SESSION_S,
    Closed,
    Draft,
    Entry,
    Mark,
    Member,
    Owner,
    Position,
    Topic,
    Unfit,
)
from headrace_events.log.sqlite.bells import Bells
from headrace_events.log.sqlite.member import Link, SqliteMember
from headrace_events.log.sqlite.places import Places
from headrace_events.log.sqlite.schema import OFFSET_BITS, Durability, connect, create
from headrace_events.log.sqlite.seating import bury
from headrace_events.log.sqlite.writer import STIRRED, Work, Writer

T = TypeVar("T")

FILE = "log.sqlite3"
_BELLS = "bells"
_MOST_FETCHED_BYTES = 8 << 20
_NO_LIMIT_S = 3600.0
"""A wait without end looks again so often; it costs nothing."""


class SqliteLog:
    """A :class:`~headrace_events.log.contract.Log` in a folder of this machine, which several processes may have open at once.

    What was accepted survives the death of every process; with ``durability="power"`` a power cut too, at the price of a wait for
    the disk at each commit.
    """

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, most_bytes: int, clock: Callable[[], float]
    ) -> None:
        self._file = folder / FILE
        self._loop = asyncio.get_running_loop()
        self._bells = Bells(folder / _BELLS)
        self._loop.add_reader(self._bells.fileno(), lambda: self._wake(self._bells.hear()))
        self._writer = Writer(connection, most_bytes, clock, self._grown, bury)
        self._writer.start()
        self._waits: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="headrace-log-reader")
        self._reader: sqlite3.Connection | None = None
        self._places = Places()
        self._fetched: dict[tuple[str, int], int] = {}
        self._members: list[SqliteMember] = []
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        durability: Durability = "process",
        max_record_bytes: int = MAX_RECORD_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the log of a folder; both are made where they are not there.

        Args:
            folder: on a disk of this machine.
            durability: what an accepted record survives.
            max_record_bytes: largest value of one record.
            clock: gives the time of an append, in Unix seconds.

        Raises:
            Unfit: the folder or the file in it cannot be used.
        """
        connection = await asyncio.to_thread(create, folder / FILE, durability)
        try:
            return cls(folder, connection, max_record_bytes, clock)
        except OSError as error:
            connection.close()
            raise Unfit(f"{folder}: expects a folder for sockets, got {error}. Give another one") from error

    async def declare(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are not there yet."""
        await self._write(lambda transaction: transaction.declare(topics))

    async def append(self, draft: Draft) -> Position:
        """Write one record."""
        return await self._write(lambda transaction: transaction.append(draft))

    async def fetch(
        self, topic: str, partition: int, offset: int, *, limit: int = 500, wait_s: float = 0.0
    ) -> Sequence[Entry]:
        """Read the records from ``offset`` on, waiting for the first."""
        place = self._fetched.get((topic, partition))
        if place is None:
            place = await self._read(lambda reader: self._places.of(reader, topic, partition))
            self._fetched[topic, partition] = place
        end_s = time.monotonic() + wait_s
        while True:
            grown = self._waits[place]
            found = await self._read(lambda reader: _records(reader, (topic, partition), place, max(offset, 0), limit))
            left_s = end_s - time.monotonic()
            if found or left_s <= 0:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(_NO_LIMIT_S if math.isinf(left_s) else left_s):
                    await grown.wait()

    async def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""

        def found(reader: sqlite3.Connection) -> int:
            place = self._places.of(reader, topic, partition)
            return int(reader.execute("SELECT value FROM ends WHERE place = ?", (place,)).fetchone()[0])

        return await self._read(found)

    async def join(self, group: str, topic: str, *, name: str = "", session_s: float = SESSION_S) -> Member:
        """Share the partitions of a topic."""
        link = Link(self._bells.name, self._write, lambda place: self._waits[place | STIRRED])
        member = await SqliteMember.join(link, group, topic, name, session_s)
        self._members.append(member)
        return member

    async def committed(self, group: str, topic: str, partition: int) -> Mark:
        """How far ``group`` is."""
        query = "SELECT value, note FROM marks WHERE place = ? AND party = ?"

        def found(reader: sqlite3.Connection) -> Mark:
            row = reader.execute(query, (self._places.of(reader, topic, partition), group)).fetchone()
            return Mark(*row) if row else Mark()

        return await self._read(found)

    async def checkpoint(self, owner: Owner, records: Sequence[Draft], marks: Mapping[int, Mark]) -> None:
        """Write ``records`` and commit ``marks`` together."""
        await self._write(lambda transaction: transaction.checkpoint(owner, records, marks))

    async def close(self) -> None:
        """Finish what was begun, and let go of the file."""
        if self._is_closed:
            return
        for member in self._members:
            await member.leave()
        self._is_closed = True
        self._loop.remove_reader(self._bells.fileno())
        self._wake(None)
        await self._writer.stop()
        reader = self._reader
        if reader:
            await self._loop.run_in_executor(self._thread, reader.close)
        self._thread.shutdown(wait=False)
        self._bells.close()

    async def _write(self, work: Work[T]) -> T:
        self._require_open()
        return await self._writer.do(work)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        self._require_open()
        return await self._loop.run_in_executor(self._thread, self._queried, query)

    def _queried(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._reader is None:
            self._reader = connect(self._file)
            self._reader.execute("PRAGMA query_only = ON")
        return query(self._reader)

    def _require_open(self) -> None:
        if self._is_closed:
            raise Closed("the log is closed")

    def _grown(self, places: frozenset[int]) -> frozenset[str]:
        """In the writer's thread: what was committed is heard of here and in the other processes."""
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._wake, places)
        return self._bells.ring(places)

    def _wake(self, places: frozenset[int] | None) -> None:
        for place in list(self._waits) if places is None else places:
            if grown := self._waits.pop(place, None):
                grown.set()


def _records(reader: sqlite3.Connection, of: tuple[str, int], place: int, offset: int, limit: int) -> list[Entry]:
    """Records in order: at least one if there is any, and not much more than :data:`_MOST_FETCHED_BYTES`."""
    first, end = (place << OFFSET_BITS) + offset, (place + 1) << OFFSET_BITS
    found: list[Entry] = []
    size = 0
    rows = reader.execute(
        "SELECT id, at_s, key, value, headers FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (first, end, limit),
    )
    for number, at_s, key, value, headers in rows:
        draft = Draft(*of, key, value, tuple((name, text) for name, text in json.loads(headers or "[]")))
        found.append(Entry(draft, number - (place << OFFSET_BITS), at_s))
        size += len(value or b"")
        if size >= _MOST_FETCHED_BYTES:
            break
    rows.close()
    return found
