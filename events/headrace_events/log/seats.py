"""Who of a group holds which partition: given out evenly, moved as little as possible. Pure; the variants keep the seats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from headrace_events.log.contract import Change, Owner


@dataclass(frozen=True, slots=True)
class Seat:
    """A partition within a group.

    Attributes:
        member: the number of who holds it; ``None``: nobody does.
        epoch: raised whenever it changes hands.
        heir: for whom its holder is to leave it; ``None`` where it may stay.
    """

    member: int | None = None
    epoch: int = 0
    heir: int | None = None


def settled(seats: Sequence[Seat], members: Sequence[int]) -> tuple[Seat, ...]:
    """The seats where just these members are there: what nobody holds is given out, what moves gets an heir.

    Args:
        seats: of all partitions, in order.
        members: numbers of those who are there.
    """
    there = frozenset(members)
    shared = zip(seats, _shared(seats, members), strict=True)
    return tuple(_settled(seat, wanted, is_there=seat.member in there) for seat, wanted in shared)


def released(seats: Sequence[Seat], member: int, partitions: Collection[int]) -> tuple[Seat, ...]:
    """The seats after a member has let go of some that it holds: they go to their heirs, or come to it anew."""
    return tuple(
        Seat(seat.heir or member, seat.epoch + 1) if number in partitions and seat.member == member else seat
        for number, seat in enumerate(seats)
    )


def _settled(seat: Seat, wanted: int | None, *, is_there: bool) -> Seat:
    if is_there:
        return replace(seat, heir=None if wanted == seat.member else wanted)
    if seat.member is None and wanted is None:
        return seat
    return Seat(wanted, seat.epoch + 1)


def _shared(seats: Sequence[Seat], members: Sequence[int]) -> list[int | None]:
    """For each seat who is to have it. Shares differ by one at most; what was said before holds as far as it can."""
    to_have = Counter(seat.heir or seat.member for seat in seats)
    least, rest = divmod(len(seats), len(members) or 1)
    first = sorted(members, key=lambda member: (-to_have[member], member))
    left = {member: least + (place < rest) for place, member in enumerate(first)}
    found: list[int | None] = [None] * len(seats)

    def keep(wanted: Sequence[int | None]) -> None:
        for number, member in enumerate(wanted):
            if found[number] is None and member is not None and left.get(member, 0) > 0:
                found[number] = member
                left[member] -= 1

    keep([seat.member if seat.heir is None else None for seat in seats])
    keep([seat.heir for seat in seats])
    keep([seat.member for seat in seats])
    free = iter([member for member in members for _ in range(left[member])])
    return [next(free, None) if member is None else member for member in found]


@dataclass(slots=True)
class Standing:
    """What one member knows of its seats, and so what it is to be told.

    Attributes:
        held: the epoch of each partition that it knows it holds.
        leaving: those of which it knows that others wait for them.
    """

    group: str
    topic: str
    held: dict[int, int] = field(default_factory=dict[int, int])
    leaving: set[int] = field(default_factory=set[int])

    @property
    def owner(self) -> Owner:
        """The right to what it knows it holds."""
        return Owner(self.group, self.topic, tuple(self.held), tuple(self.held.values()))

    def told(self, seats: Sequence[Seat], member: int) -> Change | None:
        """What has changed since it was last told; ``None``: nothing."""
        now = {number: seat.epoch for number, seat in enumerate(seats) if seat.member == member}
        gained = tuple(number for number, epoch in now.items() if self.held.get(number) != epoch)
        lost = tuple(number for number, epoch in self.held.items() if now.get(number) != epoch)
        waited = {number for number in now if seats[number].heir is not None}
        leaving = tuple(sorted(waited - self.leaving.difference(gained)))
        self.held, self.leaving = now, waited
        return Change(self.owner, gained, leaving, lost) if gained or leaving or lost else None

    def let_go(self, partitions: Collection[int]) -> tuple[int, ...]:
        """Those of ``partitions`` that it held; it knows now that it has given them back."""
        found = tuple(number for number in partitions if self.held.pop(number, None) is not None)
        self.leaving.difference_update(found)
        return found
