"""A member of a group: it shows itself every now and then, and whenever the seats of its topic have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from headrace_events.log.contract import Change, LogError, Owner
from headrace_events.log.refusals import require_seated
from headrace_events.log.seats import Seat, Standing
from headrace_events.log.sqlite.seating import Seating, Table, table
from headrace_events.log.sqlite.transaction import Transaction
from headrace_events.log.sqlite.writer import Work

_SHOWN_A_SESSION = 3
"""How often a member shows itself within the time after which it is held for dead."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a member uses of its log.

    Attributes:
        bell: the name of this process's bell.
        write: does work in a transaction.
        stirring: of the place of a topic's first partition, what is set when seats of the topic change.
    """

    bell: str
    write: Callable[[Work[Any]], Awaitable[Any]]
    stirring: Callable[[int], asyncio.Event]


class SqliteMember:
    """A :class:`~headrace_events.log.contract.Member`. Made by :meth:`join`."""

    def __init__(self, link: Link, at: Table, name: str, session_s: float) -> None:
        self._link = link
        self._at = at
        self._name = name
        self._session_s = session_s
        self._standing = Standing(at.group, at.topic)
        self._number: int | None = None
        self._seats: tuple[Seat, ...] = ()
        self._is_replaced = False
        self._has_left = False
        self._news = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None

    @classmethod
    async def join(cls, link: Link, group: str, topic: str, name: str, session_s: float) -> SqliteMember:
        """Become a member.

        Raises:
            NoTopic: no such topic.
        """
        at: Table = await link.write(lambda transaction: table(transaction, group, topic))
        member = cls(link, at, name, session_s)
        await member._show()
        member._showing = asyncio.create_task(member._stay(), name=f"headrace-member-{group}")
        return member

    @property
    def owner(self) -> Owner:
        """The right to all that it holds."""
        return self._standing.owner

    async def changed(self) -> Change:
        """Wait for the next change."""
        while True:
            require_seated(self._at.group, self._at.topic, has_left=self._has_left, is_there=not self._is_replaced)
            self._news.clear()
            if self._number and (change := self._standing.told(self._seats, self._number)):
                return change
            await self._news.wait()

    async def release(self, partitions: Collection[int]) -> None:
        """Let go of partitions."""
        if (number := self._number) is None:
            return
        seats = await self._link.write(lambda transaction: Seating(transaction, self._at).release(number, partitions))
        self._standing.let_go(partitions)
        self._hear(seats)

    async def leave(self) -> None:
        """Let go of everything."""
        if self._has_left:
            return
        self._has_left = True
        self._news.set()
        if self._showing:
            self._showing.cancel()
        if (number := self._number) is not None:
            await self._link.write(lambda transaction: Seating(transaction, self._at).leave(number))

    async def _stay(self) -> None:
        while not self._is_replaced:
            stirring = self._link.stirring(self._at.first)
            with suppress(LogError):  # it is held for dead, then, if that goes on
                await self._show()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._session_s / _SHOWN_A_SESSION):
                    await stirring.wait()

    async def _show(self) -> None:
        shown: tuple[int | None, tuple[Seat, ...]] = await self._link.write(self._shown)
        self._is_replaced = shown[0] is None
        self._number = shown[0] or self._number
        self._hear(shown[1])

    def _shown(self, transaction: Transaction) -> tuple[int | None, tuple[Seat, ...]]:
        """Its number and the seats. Who was held for dead becomes a member anew, unless another goes by its name."""
        seating = Seating(transaction, self._at)
        number = self._number
        if number is None or not seating.is_seen(number):
            if number and self._name and seating.is_taken(self._name):
                return None, seating.seats()
            number = seating.sit(self._name, self._link.bell, self._session_s)
        return number, seating.settle()

    def _hear(self, seats: tuple[Seat, ...]) -> None:
        self._seats = seats
        self._news.set()
