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
    return tuple(_settled(seat, holder) for seat, holder in zip(seats, _shared(seats, members), strict=True))


def released(seats: Sequence[Seat], member: int, partitions: Collection[int]) -> tuple[Seat, ...]:
    """The seats after a member has let go of some that it holds: they go to their heirs, or come to it anew."""
    return tuple(
        Seat(seat.heir or member, seat.epoch + 1) if number in partitions and seat.member == member else seat
        for number, seat in enumerate(seats)
    )


def _settled(seat: Seat, holder: tuple[int | None, bool]) -> Seat:
    wanted, is_there = holder
    if is_there:
        return replace(seat, heir=None if wanted == seat.member else wanted)
    if seat.member is None and wanted is None:
        return seat
    return Seat(wanted, seat.epoch + 1)


def _shared(seats: Sequence[Seat], members: Sequence[int]) -> list[tuple[int | None, bool]]:
    """For each seat who is to have it, and whether its holder is there. Shares differ by one at most."""
    held = Counter(seat.member for seat in seats)
    least, rest = divmod(len(seats), len(members) or 1)
    first = sorted(members, key=lambda member: (-held[member], member))
    left = {member: least + (place < rest) for place, member in enumerate(first)}
    found: list[tuple[int | None, bool]] = []
    for seat in seats:
        stays = seat.member is not None and left.get(seat.member, 0) > 0
        if stays and seat.member is not None:
            left[seat.member] -= 1
        found.append((seat.member if stays else None, seat.member in left))
    free = iter([member for member in members for _ in range(left[member])])
    return [(next(free, None) if wanted is None else wanted, is_there) for wanted, is_there in found]


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
