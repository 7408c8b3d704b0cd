"""Collect problems while something is read, so that all of them are reported at once."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.errors import Location, Problem
from headrace_dags.misfit import Misfit


class Notes:
    """Problems in the order they were found, each once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def note(self, misfit: Misfit | None, where: str, location: Location | None) -> None:
        """Note what a rule said, if it said anything."""
        if misfit:
            write = misfit.write[:1].upper() + misfit.write[1:]
            self.add([Problem(misfit.code, where, misfit.expected, misfit.got, write, location)])

    def add(self, problems: Iterable[Problem]) -> None:
        """Note problems that others found."""
        self._found.update(dict.fromkeys(problems))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return tuple(self._found)
