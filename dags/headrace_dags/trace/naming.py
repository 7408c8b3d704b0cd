"""Names of nodes: unique in a graph, and the same in every trace of the same dag."""

from __future__ import annotations


class Names:
    """Gives each name once; a name that is taken is numbered from 2."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """``name``, or ``name_2`` and so on where it is taken."""
        found, number = name, self._last.get(name, 1)
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._last[name] = number
        self._taken.add(found)
        return found
