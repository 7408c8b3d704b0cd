"""What a log does, whatever keeps the records: append, read, own, checkpoint. Variants stand beside this module.

Who owns which partition (a rebalance, a lease, one process for all) is decided outside: the contract says what owning means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_RECORD_BYTES = 1024 * 1024
"""Largest value of one record unless a log is set up otherwise."""


class LogError(Exception):
    """Base of what a log refuses. Nothing of the refused call is written."""


class NoTopic(LogError):
    """Raised for a topic, or a partition of it, that was never declared."""


class OtherShape(LogError):
    """Raised when a topic is declared again with other partitions or another retention."""


class Oversize(LogError):
    """Raised for a value above the log's limit. The fault lies with this record alone, others go on."""


class NoRoom(LogError):
    """Raised when the disk is full. Nothing of the call is written; the same call may succeed later."""


class Unfit(LogError):
    """Raised when the place or the file of a log cannot be used: it says why, and what to do."""


class Closed(LogError):
    """Raised for a call that comes after :meth:`Log.close`, or was not done before it."""


class Fenced(LogError):
    """Raised when an owner checkpoints a partition that somebody else has taken over: it must stop at once."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A named, ordered set of partitions.

    Attributes:
        name: unique in the log.
        partitions: how many; fixed for the life of the topic.
        compacted: of records with equal keys in one partition only the last is kept for sure.
        retention_s: records older than this, in seconds, may be dropped; of a compacted topic only tombstones are. ``None``
            keeps them for ever.
    """

    name: str
    partitions: int = 1
    compacted: bool = False
    retention_s: float | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be written.

    Attributes:
        key: what the record is about; what a compacted topic keeps the last record of.
        value: the bytes; ``None`` in a compacted topic says that the key is gone (a tombstone).
        headers: names and values, in order.
    """

    topic: str
    partition: int
    key: str
    value: bytes | None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record came to lie: its offset in the partition and the log's time of the append (Unix seconds)."""

    offset: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it is read: the draft and its position."""

    draft: Draft
    offset: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Owner:
    """The right to checkpoint some partitions of a topic for a group, until somebody takes them over."""

    group: str
    topic: str
    partitions: tuple[int, ...]
    epoch: int


class Log(Protocol):
    """Partitions of records in order of their append.

    Offsets of a partition grow with each append, but not always by one. All calls are made on one event loop; several
    readers may wait on one partition.
    """

    async def declare(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are not there yet.

        Raises:
            OtherShape: one is there with another shape; none of ``topics`` is made.
        """
        ...

    async def append(self, draft: Draft) -> Position:
        """Write one record; once this returns, every reader sees it and it is as durable as the log is.

        A caller that is cancelled does not know whether the record was written.

        Raises:
            NoTopic: no such topic or partition.
            Oversize: the value is too large.
            NoRoom: the disk is full.
        """
        ...

    async def fetch(
        self, topic: str, partition: int, offset: int, *, limit: int = 500, wait_s: float = 0.0
    ) -> Sequence[Entry]:
        """Read the records from ``offset`` on, in order.

        Args:
            topic: where to read.
            partition: where to read.
            offset: the first one wanted; where compaction or retention took it away, the next that is there.
            limit: the most records in one answer; there may be fewer than are there, if they are large.
            wait_s: how long to wait for the first record, in seconds; ``inf`` waits until there is one.

        Returns:
            At least one record, or nothing when the time has passed. Of a compacted topic a read from 0 gives for every key
            at least its last record.

        Raises:
            NoTopic: no such topic or partition.
        """
        ...

    async def end(self, topic: str, partition: int) -> int:
        """The offset after the last record: a reader that reached it has seen all that was there at this moment.

        Raises:
            NoTopic: no such topic or partition.
        """
        ...

    async def own(self, group: str, topic: str, partitions: Sequence[int]) -> Owner:
        """Take over partitions for ``group``; whoever owned one of them before is fenced.

        Raises:
            NoTopic: no such topic or partition.
        """
        ...

    async def committed(self, group: str, topic: str, partition: int) -> int:
        """The offset that ``group`` goes on reading from: the one last checkpointed, else 0.

        Raises:
            NoTopic: no such topic or partition.
        """
        ...

    async def checkpoint(self, owner: Owner, records: Sequence[Draft], offsets: Mapping[int, int]) -> None:
        """Write ``records`` and commit ``offsets`` together: either all of it is there afterwards, or nothing.

        Args:
            owner: as :meth:`own` gave it.
            records: to any topics.
            offsets: for some of the owner's partitions, the offset to go on from.

        Raises:
            Fenced: one of the owner's partitions has been taken over, or ``offsets`` names one it never owned.
            NoTopic: a record goes to no known topic or partition.
            Oversize: a record's value is too large.
            NoRoom: the disk is full.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; what was accepted stays. May be repeated."""
        ...
