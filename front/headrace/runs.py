"""The runs of a state folder: which there are, the newest, one by the beginning of its id, and what they weigh."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from headrace.disk import writing
from headrace_dags.errors import BadInput, Problem

TENANT = "default"
"""Whose objects a run on this machine keeps."""
_OWNER = "pid"
"""File of a scratch folder that names the process that works in it."""
_SUBMITTED_S = 24 * 3600.0
_ELSEWHERE = "set HEADRACE_STATE to a folder elsewhere (`headrace clean` frees space)"


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

    def of(self, run: str) -> tuple[Path, ...]:
        """Every folder that belongs to a run."""
        return (self.runs / run, self.objects / TENANT / run, self.scratch / run)


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


def new_run(state: State) -> str:
    """A fresh id.

    Raises:
        EnvironmentLack: the state folder cannot be written.
    """
    from headrace_events.engine.runid import new_run_id, state_secret

    with writing(state.root, "runs", _ELSEWHERE):
        return str(new_run_id(state_secret(state.root)))


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


@contextmanager
def at_work(state: State, run: str, *, keep: bool = False) -> Generator[Path]:
    """A scratch folder for a run while it runs: nobody cleans the run away meanwhile. Removed at the end, unless kept.

    Of a run that never came to be recorded nothing else is left either.

    Raises:
        EnvironmentLack: the state folder cannot be written.
    """
    folder = state.scratch / run
    try:
        with writing(state.root, "runs", _ELSEWHERE):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _OWNER).write_text(str(os.getpid()), encoding="utf-8")
        yield folder
    finally:
        with suppress(OSError):
            (folder / _OWNER).unlink()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        if not (state.runs / run / "plan.json").exists():
            remove([state.runs / run, state.objects / TENANT / run])


def busy(state: State, run: str) -> bool:
    """Whether the process that executes a run is still there; one that the durable engine drives goes on until it has ended."""
    folder = state.runs / run
    if (folder / "durable").exists():
        return not (folder / "outcome.json").exists()
    try:
        os.kill(int((state.scratch / run / _OWNER).read_text(encoding="utf-8")), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def leftovers(state: State) -> list[str]:
    """Ids of which there are objects or a scratch folder, but no record, and which nobody is busy with."""
    known = {run.id for run in past(state)}
    folders = [state.objects / TENANT, state.scratch]
    names = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if _is_old(state, path)}
    return sorted(name for name in names - known if not busy(state, name))


def _is_old(state: State, path: Path) -> bool:
    """Whether objects or a scratch folder cannot be of a run that was submitted and waits for the engine, which records it later."""
    if not (state.root / "log").exists() or path.parent != state.objects / TENANT:
        return True
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > _SUBMITTED_S
    return False


def weight(paths: Iterable[Path]) -> int:
    """Bytes of all files in ``paths``, links not followed: those that are free when ``paths`` are gone.

    A file that has a name elsewhere too, as what the cache keeps has, stays.
    """
    files = [file.lstat() for path in paths if path.exists() for file in path.rglob("*") if not file.is_dir()]
    names = Counter((file.st_dev, file.st_ino) for file in files)
    freed = {(file.st_dev, file.st_ino): file.st_size for file in files}
    links = {(file.st_dev, file.st_ino): file.st_nlink for file in files}
    return sum(size for name, size in freed.items() if names[name] == links[name])


def remove(paths: Iterable[Path]) -> None:
    """Remove folders; what is gone already is no matter."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
