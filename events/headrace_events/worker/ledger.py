"""What a worker knows of one partition of its topic: what is done behind the first task that is not, and what was begun how often.

Both go into the note beside the committed offset, so that whoever takes over skips what is done, and knows a task that took its
worker down with it. A note is ``<done>;<begun>`` in numbers counted from the offset: spans ``2-5,9``, and begins ``0x1,6x2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from headrace_events.log.contract import MAX_NOTE, Mark

MOST_BEGINS = 3
"""A task that was begun so often and is not done takes its worker down each time."""

Verdict = Literal["begin", "alone", "skip", "crashed"]
"""What to do with a task: begin it, begin it while nothing else is under way, pass over it, or tell that it crashes workers."""

_NOTE = re.compile(r"(?:(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)?;(\d+x\d+(?:,\d+x\d+)*)?)?")
_ROOM = MAX_NOTE - 400
_FEW, _MANY = 150, 2_000
"""So few always fit, whatever their numbers; so many are not worth counting."""
_LONGEST = 10


class BadNote(ValueError):
    """Raised for a note that no worker wrote."""


@dataclass
class Ledger:
    """One partition.

    Attributes:
        offset: all before it is done.
        done: offsets behind it that are done.
        begins: how often those were begun that are not done.
    """

    offset: int = 0
    done: set[int] = field(default_factory=set[int])
    begins: dict[int, int] = field(default_factory=dict[int, int])
    _suspects: frozenset[int] = frozenset()
    _handed: dict[int, None] = field(default_factory=dict[int, None])
    _marked: Mark | None = None

    @staticmethod
    def of(mark: Mark) -> Ledger:
        """What the worker before knew.

        Raises:
            BadNote: the note is no worker's.
        """
        found = _NOTE.fullmatch(mark.note)
        if not found or any(len(number) > _LONGEST for number in re.findall(r"\d+", mark.note)):
            raise BadNote(f"expects a note as 2-5,9;0x1, got {mark.note[:80]!r}")
        done = {mark.offset + each for each in _spanned(found[1] or "")}
        begun = (each.split("x") for each in (found[2] or "").split(",") if each)
        begins = {mark.offset + int(place): int(times) for place, times in begun}
        return Ledger(mark.offset, done, begins, frozenset(begins), _marked=mark)

    def hand(self, offset: int) -> Verdict:
        """What to do with the next task; tasks are handed in order."""
        if offset in self.done:
            self._handed[offset] = None
            self._advance()
            return "skip"
        self._handed[offset] = None
        if offset not in self._suspects:
            return "begin"
        return "alone" if self.begins[offset] < MOST_BEGINS else "crashed"

    def begin(self, offset: int) -> None:
        """A task is begun now."""
        self.begins[offset] = self.begins.get(offset, 0) + 1

    def give_back(self, offset: int) -> None:
        """A task is let go of that is not done, in good order: that begin took no worker down."""
        if (begins := self.begins.get(offset, 0)) > 1:
            self.begins[offset] = begins - 1
        else:
            self.begins.pop(offset, None)

    def finish(self, offset: int) -> None:
        """A task is done: its result is published, or nobody wants it."""
        self.begins.pop(offset, None)
        self.done.add(offset)
        self._advance()

    @property
    def has_room(self) -> bool:
        """Whether another task may be begun: its place among those done out of order must fit into the note, too."""
        count = len(self.done) + len(self.begins)
        return count < _FEW or (count < _MANY and len(self.mark().note) < _ROOM)

    @property
    def is_marked(self) -> bool:
        """Whether the last mark says all that is known."""
        return self.mark() == self._marked

    def mark(self) -> Mark:
        """How far this partition is."""
        done = ",".join(_spans(each - self.offset for each in sorted(self.done)))
        begun = ",".join(f"{offset - self.offset}x{times}" for offset, times in sorted(self.begins.items()))
        return Mark(self.offset, f"{done};{begun}" if done or begun else "")

    def marked(self, mark: Mark) -> None:
        """That was committed."""
        self._marked = mark

    def _advance(self) -> None:
        """Offsets do not grow by one only: the prefix passes over those that were handed, in their order."""
        while self._handed and (first := next(iter(self._handed))) in self.done:
            del self._handed[first]
            self.done.discard(first)
            self.offset = first + 1


def _spanned(text: str) -> Iterator[int]:
    for each in text.split(",") if text else ():
        first, _, last = each.partition("-")
        if int(last or first) - int(first) > MAX_NOTE * MAX_NOTE:
            raise BadNote(f"expects spans of tasks, got {each}")
        yield from range(int(first), int(last or first) + 1)


def _spans(numbers: Iterable[int]) -> Iterator[str]:
    for _, some in groupby(enumerate(numbers), key=lambda each: each[1] - each[0]):
        found = [number for _, number in some]
        yield f"{found[0]}-{found[-1]}" if len(found) > 1 else str(found[0])
