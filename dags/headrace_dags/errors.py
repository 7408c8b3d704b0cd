"""The errors a person sees: data first (code, location, fields), text last. One renderer for people, one for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    STEP_FAILED = 1
    BAD_INPUT = 2
    ENVIRONMENT = 3
    PLAN_REFUSED = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Location:
    """A line of the user's source."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{short(self.file)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, as data.

    Attributes:
        code: the rule that objects, e.g. ``port-type``; ``headrace explain`` and tests know it by this name.
        where: what it concerns: ``dag``, ``step``, ``step.port``, ``--input name`` or a file.
        expected: the rule, as a clause that follows ``where`` ("expects Image (uint8 h w c)").
        got: what came instead, as a noun phrase ("Text from transcribe"); empty where nothing came.
        write: what to write or do instead, as an imperative sentence without its full stop.
        location: the line to look at, where there is one.
    """

    code: str
    where: str
    expected: str
    got: str = ""
    write: str = ""
    location: Location | None = None

    def __str__(self) -> str:
        head = f"{self.location} ({self.where})" if self.location else self.where
        text = f"{head} [{self.code}]: {self.expected}"
        if self.got:
            text += f", got {self.got}"
        return f"{text}. {self.write}." if self.write else f"{text}."

    def as_json(self) -> dict[str, str | int]:
        """The fields that are set, with ``file`` and ``line`` flat and the rendered ``text``."""
        fields: dict[str, str | int] = {"code": self.code, "where": self.where, "expected": self.expected}
        fields |= {key: value for key, value in (("got", self.got), ("write", self.write)) if value}
        if self.location:
            fields |= {"file": self.location.file, "line": self.location.line}
        return fields | {"text": str(self)}


class HeadraceError(Exception):
    """Base of every error that Headrace reports; carries all problems found, not only the first."""

    exit_code: ClassVar[Exit] = Exit.BAD_INPUT

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DefinitionError(HeadraceError, TypeError):
    """Raised when a dag or a step is declared wrongly; holds every mistake of the definition."""


class BadInput(HeadraceError, ValueError):
    """Raised at the door when what was submitted cannot be run: nothing has started."""


class EnvironmentLack(HeadraceError, RuntimeError):
    """Raised when the machine lacks something; says how to get it."""

    exit_code = Exit.ENVIRONMENT


class PlanError(HeadraceError, ValueError):
    """Raised when a target cannot run a graph; refused at plan time, never at run time."""

    exit_code = Exit.PLAN_REFUSED


class InputError(ValueError):
    """Raised by a step's body when its input is at fault: the run ends at once, without a retry, and names the input."""


def short(file: str | Path) -> str:
    """The path relative to the working directory where that is shorter to read."""
    path, cwd = Path(file), Path.cwd()
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(file)
