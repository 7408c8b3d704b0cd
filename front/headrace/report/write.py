"""Write the page of a recorded run."""

from __future__ import annotations

from pathlib import Path

from headrace.disk import writing
from headrace.report.page import page
from headrace.report.story import tell
from headrace.runs import State
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
    with writing(path, "pages", "name another place with `headrace report -o FILE`"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path
