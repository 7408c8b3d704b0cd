"""What is done in one transaction of the writer: each call whole or not at all. Plain SQL, no thread and no waiting."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace_events.log.contract import Draft, Mark, Owner, Position, Topic
from headrace_events.log.refusals import require_owner, require_shape, require_size
from headrace_events.log.sqlite.places import Places
from headrace_events.log.sqlite.schema import OFFSET_BITS


@dataclass(slots=True)
class Transaction:
    """An open transaction. Each method looks first and writes then, so that one that raises has written nothing.

    Attributes:
        connection: within ``BEGIN IMMEDIATE``.
        places: where topics are.
        most_bytes: largest value of a record.
        at_s: the log's time of what is appended.
        grown: partitions that got records.
        stirred: topics of which seats have changed, by the place of their first partition.
    """

    connection: sqlite3.Connection
    places: Places
    most_bytes: int
    at_s: float
    grown: set[int] = field(default_factory=set[int])
    stirred: set[int] = field(default_factory=set[int])
    _ends: dict[int, int] = field(default_factory=dict[int, int])

    def declare(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are not there yet; see the contract."""
        for topic in topics:
            known = self.places.find(self.connection, topic.name)
            require_shape(known.topic if known else None, topic)
        for topic in topics:
            if self.places.find(self.connection, topic.name) is None:
                self._make(topic)

    def _make(self, topic: Topic) -> None:
        (first,) = self.connection.execute("SELECT coalesce(max(place) + 1, 0) FROM ends").fetchone()
        row = (topic.name, first, topic.partitions, topic.compacted, topic.retention_s)
        self.connection.execute("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", row)
        self.connection.executemany(
            "INSERT INTO ends VALUES (?, 0)", ((first + each,) for each in range(topic.partitions))
        )

    def append(self, draft: Draft) -> Position:
        """Write one record; see the contract."""
        return self._add(self._accepted(draft), draft)

    def checkpoint(self, owner: Owner, records: Sequence[Draft], marks: Mapping[int, Mark]) -> None:
        """Write records and marks together; see the contract."""
        owned = {each: self.places.of(self.connection, owner.topic, each) for each in owner.partitions}
        require_owner(owner, marks, lambda number: self._epoch(owner.group, owned[number]))
        targets = [self._accepted(draft) for draft in records]
        for place, draft in zip(targets, records, strict=True):
            self._add(place, draft)
        self.connection.executemany(
            "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)",
            ((owner.group, owned[number], mark.offset, mark.note) for number, mark in marks.items()),
        )

    def finish(self) -> None:
        """Write down where partitions end now; the last thing before the commit."""
        self.connection.executemany(
            "UPDATE ends SET value = ? WHERE place = ?", ((self._ends[place], place) for place in self.grown)
        )

    def _accepted(self, draft: Draft) -> int:
        """The place of a record, if it may be written."""
        place = self.places.of(self.connection, draft.topic, draft.partition)
        require_size(draft, self.most_bytes)
        return place

    def _add(self, place: int, draft: Draft) -> Position:
        offset = self._end(place)
        number = place << OFFSET_BITS | offset
        headers = json.dumps(draft.headers, ensure_ascii=False) if draft.headers else ""
        row = (number, self.at_s, draft.key, draft.value, headers)
        self.connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
        if self.places.is_compacted(place):
            self._replace(place, draft.key, number)
        self._ends[place] = offset + 1
        self.grown.add(place)
        return Position(offset, self.at_s)

    def _replace(self, place: int, key: str, number: int) -> None:
        """A compacted topic is so at once: a record goes when a later one with its key comes."""
        before = self.connection.execute("SELECT id FROM latest WHERE place = ? AND key = ?", (place, key)).fetchone()
        if before:
            self.connection.execute("DELETE FROM records WHERE id = ?", before)
        self.connection.execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", (place, key, number))

    def _end(self, place: int) -> int:
        if place not in self._ends:
            (self._ends[place],) = self.connection.execute(
                "SELECT value FROM ends WHERE place = ?", (place,)
            ).fetchone()
        return self._ends[place]

    def _epoch(self, group: str, place: int) -> int:
        found = self.connection.execute(
            "SELECT epoch FROM seats WHERE party = ? AND place = ?", (group, place)
        ).fetchone()
        return found[0] if found else 0
