"""What becomes of a finished run: its results are saved, its page is written, and all is summed up, whatever the disk refuses."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace.held import Values
from headrace.launch.runtime import Chosen
from headrace.launch.summary import Summary, summarise
from headrace.output.save import Index, save
from headrace.report.story import tell
from headrace.report.write import write
from headrace.runs import State
from headrace_dags.errors import EnvironmentLack, Problem
from headrace_events.engine.readback import RunRecord
from headrace_serving.objects.file import FileStore


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A finished run.

    Attributes:
        summary: what it comes to.
        lacks: why something of it could not be written; the rest is there all the same.
    """

    summary: Summary
    lacks: tuple[Problem, ...]


def conclude(state: State, run: str, runtime: Chosen, results: Path) -> Conclusion:
    """Save what came out under ``results`` and write the page, both from the record."""
    folder = state.runs / run
    record = RunRecord.read(folder)
    story, values = tell(record), Values(record, FileStore(state.objects))
    lacks: list[Problem] = []
    index: Index | None = None
    report: Path | None = None
    with _noted(lacks):
        if story.status == "succeeded":
            index = save(results, run, story.dag, values.outputs())
    with _noted(lacks):
        report = write(state, folder)
    return Conclusion(summarise(story, runtime, report, results, index), tuple(lacks))


@contextmanager
def _noted(lacks: list[Problem]) -> Generator[None]:
    try:
        yield
    except EnvironmentLack as lack:
        lacks.extend(lack.problems)
