"""What does not fit a port, as data without a place: whoever knows the place makes a problem of it."""

from __future__ import annotations

from dataclasses import dataclass

from headrace_dags.errors import Location, Problem


@dataclass(frozen=True, slots=True)
class Misfit:
    """An annotation, a medium or a value that does not fit. The fields are those of ``Problem``."""

    code: str
    expected: str
    got: str = ""
    write: str = ""

    def at(self, where: str, location: Location | None = None) -> Problem:
        """The problem it is at ``where``: ``step.port`` or ``--input name``."""
        return Problem(self.code, where, self.expected, self.got, self.write, location)

    def __str__(self) -> str:
        text = f"{self.expected}, got {self.got}" if self.got else self.expected
        return f"{text}. {self.write}." if self.write else f"{text}."
