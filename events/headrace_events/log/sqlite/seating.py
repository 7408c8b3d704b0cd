"""The members of groups and their seats in the file. Within a transaction of the writer; who is to have what is said in ``seats``."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from headrace_events.log.seats import Seat, released, settled
from headrace_events.log.sqlite.transaction import Transaction

_AHEAD_S = 1.0
"""Somebody who was seen in the future was so before the machine was started anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """Where a group sits.

    Attributes:
        first: the place of the topic's first partition.
        partitions: how many there are.
    """

    group: str
    topic: str
    first: int
    partitions: int


def table(transaction: Transaction, group: str, topic: str) -> Table:
    """The table of a group.

    Raises:
        NoTopic: there is no such topic.
    """
    first = transaction.places.of(transaction.connection, topic, 0)
    found = transaction.places.find(transaction.connection, topic)
    assert found
    return Table(group, topic, first, found.topic.partitions)


@dataclass(frozen=True, slots=True)
class Seating:
    """What a transaction does at one table.

    Attributes:
        transaction: the one.
        at: the table.
    """

    transaction: Transaction
    at: Table

    def sit(self, name: str, bell: str, session_s: float) -> int:
        """The number of a new member, which takes the place of the one by its name."""
        connection = self.transaction.connection
        if name:
            query = "DELETE FROM members WHERE party = ? AND topic = ? AND name = ?"
            connection.execute(query, (self.at.group, self.at.topic, name))
        number = connection.execute(
            "INSERT INTO members (party, topic, name, bell, session_s, seen_s) VALUES (?, ?, ?, ?, ?, ?)",
            (self.at.group, self.at.topic, name, bell, session_s, time.monotonic()),
        ).lastrowid
        assert number
        return number

    def is_seen(self, number: int) -> bool:
        """A member is heard of; it may be one no more."""
        query = "UPDATE members SET seen_s = ? WHERE id = ?"
        return self.transaction.connection.execute(query, (time.monotonic(), number)).rowcount > 0

    def is_taken(self, name: str) -> bool:
        """Whether there is a member by that name."""
        query = "SELECT 1 FROM members WHERE party = ? AND topic = ? AND name = ?"
        return bool(self.transaction.connection.execute(query, (self.at.group, self.at.topic, name)).fetchone())

    def settle(self) -> tuple[Seat, ...]:
        """Dismiss the dead, and give out what is free."""
        connection, now_s, of = self.transaction.connection, time.monotonic(), (self.at.group, self.at.topic)
        connection.execute(
            "DELETE FROM members WHERE party = ? AND topic = ? AND seen_s NOT BETWEEN ? - session_s AND ?",
            (*of, now_s, now_s + _AHEAD_S),
        )
        rows = connection.execute("SELECT id FROM members WHERE party = ? AND topic = ? ORDER BY id", of).fetchall()
        before = self.seats()
        return self._put(before, settled(before, [number for (number,) in rows]))

    def release(self, number: int, partitions: Collection[int]) -> tuple[Seat, ...]:
        """A member lets go of partitions."""
        before = self.seats()
        self._put(before, released(before, number, partitions))
        return self.settle()  # an heir may have died

    def leave(self, number: int) -> None:
        """A member is one no more."""
        self.transaction.connection.execute("DELETE FROM members WHERE id = ?", (number,))
        self.settle()

    def seats(self) -> tuple[Seat, ...]:
        """All seats, in order."""
        rows = self.transaction.connection.execute(
            "SELECT place, member, epoch, heir FROM seats WHERE party = ? AND place >= ? AND place < ?",
            (self.at.group, self.at.first, self.at.first + self.at.partitions),
        )
        found = {place - self.at.first: Seat(*seat) for place, *seat in rows}
        return tuple(found.get(number, Seat()) for number in range(self.at.partitions))

    def _put(self, before: tuple[Seat, ...], after: tuple[Seat, ...]) -> tuple[Seat, ...]:
        changed = [
            (self.at.group, self.at.first + number, seat.epoch, seat.member, seat.heir)
            for number, seat in enumerate(after)
            if seat != before[number]
        ]
        if changed:
            self.transaction.connection.executemany("INSERT OR REPLACE INTO seats VALUES (?, ?, ?, ?, ?)", changed)
            self.transaction.stirred.add(self.at.first)
        return after


def bury(transaction: Transaction, bells: Collection[str]) -> None:
    """Dismiss the members of processes that are gone, by their bells."""
    tables: set[tuple[str, str]] = set()
    for bell in bells:
        gone = "DELETE FROM members WHERE bell = ? RETURNING party, topic"
        tables.update(transaction.connection.execute(gone, (bell,)).fetchall())
    for group, topic in sorted(tables):
        Seating(transaction, table(transaction, group, topic)).settle()
