"""The runs, and segments of runs, that nobody waits for any more: as many as were told of last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

_MOST = 10_000


@dataclass
class Stopped:
    """What was stopped."""

    _found: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict[tuple[str, str], None], init=False)

    def add(self, run: str, segment: str) -> None:
        """A run was stopped, or one of its segments."""
        self._found[run, segment] = None
        while len(self._found) > _MOST:
            self._found.popitem(last=False)

    def has(self, run: str, segment: str) -> bool:
        """Whether nobody waits for the tasks of a segment."""
        return (run, "") in self._found or (run, segment) in self._found
