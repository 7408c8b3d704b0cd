"""Where the partitions of topics are in the file. Topics are never removed, so what was found once holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from headrace_events.log.contract import Topic
from headrace_events.log.refusals import no_topic


@dataclass(frozen=True, slots=True)
class Placed:
    """A topic and the number of its first partition; the others follow."""

    topic: Topic
    first: int


class Places:
    """The topics that one thread has met."""

    def __init__(self) -> None:
        self._known: dict[str, Placed] = {}
        self._compacted: set[int] = set()

    def find(self, connection: sqlite3.Connection, name: str) -> Placed | None:
        """A topic, if it was declared."""
        if name not in self._known:
            row = connection.execute(
                "SELECT place, partitions, compacted, retention_s FROM topics WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                return None
            first, partitions, compacted, retention_s = row
            self._known[name] = Placed(Topic(name, partitions, bool(compacted), retention_s), first)
            self._compacted.update(range(first, first + partitions) if compacted else ())
        return self._known[name]

    def of(self, connection: sqlite3.Connection, name: str, partition: int) -> int:
        """The number of a partition.

        Raises:
            NoTopic: there is no such topic or partition.
        """
        found = self.find(connection, name)
        if found is None or not 0 <= partition < found.topic.partitions:
            raise no_topic(name, partition)
        return found.first + partition

    def is_compacted(self, place: int) -> bool:
        """Whether a partition, which :meth:`of` gave, is of a compacted topic."""
        return place in self._compacted

    def forget(self) -> None:
        """What was found in a transaction that was taken back may not be there."""
        self._known.clear()
        self._compacted.clear()
