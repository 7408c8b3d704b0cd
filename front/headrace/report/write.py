"""Write the page of a recorded run."""

from __future__ import annotations

from pathlib import Path

from headrace.report.page import page
from headrace.report.story import tell
from headrace.runs import State
from headrace_dags.errors import EnvironmentLack, Problem
from headrace_events.engine.readback import RunRecord
from headrace_serving.objects.file import FileStore

NAME = "report.html"


def write(state: State, folder: Path, target: Path | None = None) -> Path:
    """Write the page of the run recorded in ``folder`` and give its path.

    Args:
        state: holds the run's objects.
        folder: the record.
        target: the file; by default ``report.html`` beside the record.

    Raises:
        BadInput: the record cannot be read.
        EnvironmentLack: the file cannot be written.
    """
    path = (target or folder / NAME).absolute()
    text = page(tell(RunRecord.read(folder)), FileStore(state.objects), path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentLack(Problem("disk-refused", str(path), "the page needs a place", str(error))) from error
    return path
