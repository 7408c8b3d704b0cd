"""Groups in one process: nobody dies here unheard."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection

from headrace_events.log.contract import Change, Owner
from headrace_events.log.refusals import require_seated
from headrace_events.log.seats import Seat, Standing, released, settled


class Group:
    """The members of a group by their numbers, and their seats."""

    def __init__(self, partitions: int) -> None:
        self.seats: tuple[Seat, ...] = (Seat(),) * partitions
        self.members: dict[int, str] = {}
        self.stirred = asyncio.Event()
        self._numbers = itertools.count(1)

    def admit(self, name: str) -> int:
        """The number of a new member, which takes the place of one by its name."""
        for number in [number for number, taken in self.members.items() if name and taken == name]:
            del self.members[number]
        number = next(self._numbers)
        self.members[number] = name
        self.seat(settled(self.seats, tuple(self.members)))
        return number

    def dismiss(self, number: int) -> None:
        """A member leaves."""
        if self.members.pop(number, None) is not None:
            self.seat(settled(self.seats, tuple(self.members)))

    def seat(self, seats: tuple[Seat, ...]) -> None:
        """Change the seats, and wake those who wait to hear of it."""
        self.seats = seats
        self.stirred.set()
        self.stirred = asyncio.Event()


class MemoryMember:
    """A :class:`~headrace_events.log.contract.Member`."""

    def __init__(self, group: Group, standing: Standing, number: int) -> None:
        self._group = group
        self._of = standing.group, standing.topic
        self._standing = standing
        self._number = number
        self._has_left = False

    @property
    def owner(self) -> Owner:
        """The right to all that it holds."""
        return self._standing.owner

    async def changed(self) -> Change:
        """Wait for the next change."""
        while True:
            require_seated(*self._of, has_left=self._has_left, is_there=self._number in self._group.members)
            if change := self._standing.told(self._group.seats, self._number):
                return change
            await self._group.stirred.wait()

    async def release(self, partitions: Collection[int]) -> None:
        """Let go of partitions."""
        self._group.seat(released(self._group.seats, self._number, self._standing.let_go(partitions)))

    async def leave(self) -> None:
        """Let go of everything."""
        self._has_left = True
        self._group.dismiss(self._number)
