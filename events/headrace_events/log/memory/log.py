"""The log in memory: for tests and for a run on one machine whose record is written beside it. Gone with the process."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence

from headrace_events.log.contract import (
    MAX_RECORD_BYTES,
    SESSION_S,
    Draft,
    Entry,
    Mark,
    Member,
    Owner,
    Position,
    Topic,
)
from headrace_events.log.memory.member import Group, MemoryMember
from headrace_events.log.refusals import no_topic, require_owner, require_shape, require_size
from headrace_events.log.seats import Standing


class _Partition:
    """Records by offset; a compacted one forgets what a later record with the same key replaced."""

    def __init__(self, compacted: bool, retention_s: float | None) -> None:
        self._retention_s = retention_s
        self._kept_from = 0
        self.entries: list[Entry | None] = []
        self.latest: dict[str, int] | None = {} if compacted else None
        self.grown = asyncio.Event()

    def add(self, draft: Draft, at_s: float) -> Position:
        self._drop(at_s)
        offset = len(self.entries)
        if self.latest is not None:
            if (replaced := self.latest.get(draft.key)) is not None:
                self.entries[replaced] = None
            self.latest[draft.key] = offset
        self.entries.append(Entry(draft, offset, at_s))
        self.grown.set()
        self.grown = asyncio.Event()
        return Position(offset, at_s)

    def _drop(self, now_s: float) -> None:
        """Forget what is too old: the records at the beginning, or the tombstones among them."""
        while self._retention_s is not None and self._kept_from < len(self.entries):
            entry = self.entries[self._kept_from]
            if entry and entry.at_s >= now_s - self._retention_s:
                break
            if entry and (self.latest is None or entry.draft.value is None):
                self.entries[self._kept_from] = None
                if self.latest is not None:
                    del self.latest[entry.draft.key]
            self._kept_from += 1

    def read(self, offset: int, limit: int) -> list[Entry]:
        found: list[Entry] = []
        for index in range(max(offset, 0), len(self.entries)):
            if len(found) == limit:
                break
            if (entry := self.entries[index]) is not None:
                found.append(entry)
        return found


class MemoryLog:
    """A :class:`~headrace_events.log.contract.Log` that lives in this process.

    Args:
        max_record_bytes: largest value of one record.
        clock: gives the time of an append, in Unix seconds.
    """

    def __init__(self, *, max_record_bytes: int = MAX_RECORD_BYTES, clock: Callable[[], float] = time.time) -> None:
        self._max_record_bytes = max_record_bytes
        self._clock = clock
        self._topics: dict[str, Topic] = {}
        self._partitions: dict[tuple[str, int], _Partition] = {}
        self._groups: dict[tuple[str, str], Group] = {}
        self._marks: dict[tuple[str, str, int], Mark] = {}

    async def declare(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are not there yet."""
        for topic in topics:
            require_shape(self._topics.get(topic.name), topic)
        for topic in topics:
            if topic.name not in self._topics:
                self._topics[topic.name] = topic
                for number in range(topic.partitions):
                    self._partitions[topic.name, number] = _Partition(topic.compacted, topic.retention_s)

    async def append(self, draft: Draft) -> Position:
        """Write one record."""
        return self._accept(draft).add(draft, self._clock())

    async def fetch(
        self, topic: str, partition: int, offset: int, *, limit: int = 500, wait_s: float = 0.0
    ) -> Sequence[Entry]:
        """Read the records from ``offset`` on, waiting for the first."""
        records = self._partition(topic, partition)
        try:
            async with asyncio.timeout(None if math.isinf(wait_s) else wait_s):
                while not (found := records.read(offset, limit)):
                    await records.grown.wait()
        except TimeoutError:
            return records.read(offset, limit)
        return found

    async def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""
        return len(self._partition(topic, partition).entries)

    async def join(self, group: str, topic: str, *, name: str = "", session_s: float = SESSION_S) -> Member:
        """Share the partitions of a topic; nobody dies here unheard, so ``session_s`` means nothing."""
        del session_s
        self._partition(topic, 0)
        shared = self._groups.setdefault((group, topic), Group(self._topics[topic].partitions))
        return MemoryMember(shared, Standing(group, topic), shared.admit(name))

    async def committed(self, group: str, topic: str, partition: int) -> Mark:
        """How far ``group`` is."""
        self._partition(topic, partition)
        return self._marks.get((group, topic, partition), Mark())

    async def checkpoint(self, owner: Owner, records: Sequence[Draft], marks: Mapping[int, Mark]) -> None:
        """Write ``records`` and commit ``marks`` together."""
        require_owner(owner, marks, lambda number: self._groups[owner.group, owner.topic].seats[number].epoch)
        targets = [(self._accept(draft), draft) for draft in records]
        for partition, draft in targets:
            partition.add(draft, self._clock())
        for number, mark in marks.items():
            self._marks[owner.group, owner.topic, number] = mark

    async def close(self) -> None:
        """Everything goes with the object."""

    def _accept(self, draft: Draft) -> _Partition:
        """The partition a record goes to, if the record may be written."""
        partition = self._partition(draft.topic, draft.partition)
        require_size(draft, self._max_record_bytes)
        return partition

    def _partition(self, topic: str, number: int) -> _Partition:
        if (found := self._partitions.get((topic, number))) is None:
            raise no_topic(topic, number)
        return found
