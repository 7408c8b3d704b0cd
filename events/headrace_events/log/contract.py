"""What a log does, whatever keeps the records: append, read, share partitions in a group, checkpoint. Variants stand beside this."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_RECORD_BYTES = 1024 * 1024
"""Largest value of one record unless a log is set up otherwise."""

MAX_NOTE = 4_095
"""Most characters of a note: what Kafka keeps with an offset by default (``offset.metadata.max.bytes`` is 4,096)."""

SESSION_S = 10.0
"""A member of which nothing is heard for so many seconds is held for dead."""


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
    """Raised when an owner checkpoints a partition that somebody else has taken over, or a member has been replaced: it must stop at once."""


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
class Mark:
    """How far a group is in a partition.

    Attributes:
        offset: where to go on from.
        note: what it wants to remember beside that; at most :data:`MAX_NOTE` printable ASCII characters.
    """

    offset: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.note) > MAX_NOTE or not self.note.isascii() or not self.note.isprintable():
            raise ValueError(f"a note is at most {MAX_NOTE} printable ASCII characters, got {self.note[:80]!r}...")


@dataclass(frozen=True, slots=True)
class Owner:
    """The right to checkpoint some partitions of a topic for a group, until somebody takes one of them over.

    Attributes:
        epochs: of each partition, whatever the variant means by it.
    """

    group: str
    topic: str
    partitions: tuple[int, ...]
    epochs: tuple[int, ...]

    def part(self, partition: int) -> Owner:
        """The right to one partition alone; to none where it is not among them.

        What is done under it does not fail because another one has been taken over.
        """
        found = dict(zip(self.partitions, self.epochs, strict=True)).get(partition)
        return Owner(self.group, self.topic, () if found is None else (partition,), () if found is None else (found,))


@dataclass(frozen=True, slots=True)
class Change:
    """What a member holds from now on.

    Attributes:
        owner: the right to all that it holds, what is leaving included; takes the place of those given before.
        gained: what was given to it: to be read on from its mark.
        leaving: what others wait for: to be finished, checkpointed and released.
        lost: what was taken without asking, because nothing was heard for too long: to be dropped.
    """

    owner: Owner
    gained: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()


class Member(Protocol):
    """One of those who share the partitions of a topic. It is heard of as long as its event loop runs."""

    @property
    def owner(self) -> Owner:
        """As the last :attr:`Change.owner`, less what was released since."""
        ...

    async def changed(self) -> Change:
        """Wait for the next change; for one caller at a time. The first one comes once partitions are given out.

        Raises:
            Fenced: another member has joined under this one's name.
            Closed: it has left.
        """
        ...

    async def release(self, partitions: Collection[int]) -> None:
        """Let go of partitions, so that others have them at once. One that nobody waits for any more comes back as gained."""
        ...

    async def leave(self) -> None:
        """Let go of everything, and be a member no more. May be repeated."""
        ...


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

    async def join(self, group: str, topic: str, *, name: str = "", session_s: float = SESSION_S) -> Member:
        """Share the partitions of a topic with the other members of a group: each has one member at a time, all about as many.

        Args:
            group: its name; groups do not disturb each other.
            topic: whose partitions.
            name: of a member that takes the place of the one before it by that name, at once; empty for any other.
            session_s: held for dead when nothing is heard of it for so long, in seconds.

        Raises:
            NoTopic: no such topic.
        """
        ...

    async def committed(self, group: str, topic: str, partition: int) -> Mark:
        """How far ``group`` is: what was last checkpointed, else the beginning.

        Raises:
            NoTopic: no such topic or partition.
        """
        ...

    async def checkpoint(self, owner: Owner, records: Sequence[Draft], marks: Mapping[int, Mark]) -> None:
        """Write ``records`` and commit ``marks`` together: either all of it is there afterwards, or nothing.

        Args:
            owner: as the member has it now.
            records: to any topics.
            marks: for some of the owner's partitions.

        Raises:
            Fenced: one of the owner's partitions has been taken over, or ``marks`` names one it does not own.
            NoTopic: a record goes to no known topic or partition.
            Oversize: a record's value is too large.
            NoRoom: the disk is full.
        """
        ...

    async def close(self) -> None:
        """Leave all groups and let go of everything; what was accepted stays. May be repeated."""
        ...
