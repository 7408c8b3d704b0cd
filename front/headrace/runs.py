"""The runs of a state folder: which there are, the newest, one by the beginning of its id, and what they weigh."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import BadInput, Problem

TENANT = "local"
"""Whose objects a run on this machine keeps."""


@dataclass(frozen=True, slots=True)
class State:
    """A state folder.

    Attributes:
        root: the folder; it need not exist.
    """

    root: Path

    @property
    def runs(self) -> Path:
        """Where records lie, a folder per run."""
        return self.root / "runs"

    @property
    def objects(self) -> Path:
        """Root of the object store."""
        return self.root / "objects"

    @property
    def scratch(self) -> Path:
        """Where runtimes work."""
        return self.root / "scratch"

    def prefix(self, run: str) -> Path:
        """Where the objects of a run lie."""
        return self.objects / TENANT / run


@dataclass(frozen=True, slots=True)
class Past:
    """A run that is recorded.

    Attributes:
        id: the run's id.
        folder: its record.
        begun_at_s: when it began, in Unix seconds.
    """

    id: str
    folder: Path
    begun_at_s: float


def past(state: State) -> list[Past]:
    """All recorded runs, the newest first."""
    folders = state.runs.iterdir() if state.runs.is_dir() else ()
    plans = ((folder, folder / "plan.json") for folder in folders)
    found = [Past(folder.name, folder, plan.stat().st_mtime) for folder, plan in plans if plan.is_file()]
    return sorted(found, key=lambda run: (-run.begun_at_s, run.id))


def find(state: State, text: str | None) -> Past:
    """The run whose id begins with ``text`` (the part before the first dash may be left out); the newest for ``None``.

    Raises:
        BadInput: there is none, or there are several.
    """
    runs = past(state)
    if not runs:
        write = "Start one with `headrace run`, or name its folder with --state"
        raise BadInput(Problem("no-run", str(state.root), "holds no run", write=write))
    if text is None:
        return runs[0]
    fitting = [run for run in runs if run.id.startswith(text) or run.id.partition("-")[2].startswith(text)]
    if len(fitting) == 1:
        return fitting[0]
    expected = "is the beginning of several runs" if fitting else "is the beginning of no run"
    listed = ", ".join(run.id for run in (fitting or runs)[:3])
    raise BadInput(Problem("no-run", text, expected, write=f"Name one of {listed}"))


def weight(paths: Iterable[Path]) -> int:
    """Bytes of all files in ``paths``, links not followed."""
    return sum(file.lstat().st_size for path in paths if path.exists() for file in path.rglob("*") if not file.is_dir())


def remove(paths: Iterable[Path]) -> None:
    """Remove folders; what is gone already is no matter."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
