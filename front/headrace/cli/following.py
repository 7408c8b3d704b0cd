"""A run told while it goes on: its events as they come, or what its server writes, until it has ended or its process is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from headrace.cli.telling import as_json, concerns, head, line, outcome_as_json, why
from headrace.report.story import tell
from headrace.runs import Past, State, busy
from headrace.terminal import ink
from headrace_dags.errors import BadInput, Problem
from headrace_events.engine.readback import Recorded, RunRecord, arrived
from headrace_events.engine.record import RunFolder

_LOOK_S = 0.2
_PIECE_BYTES = 1 << 16


def follow(state: State, run: Past, segment: str, *, json: bool) -> Iterator[str]:
    """A line an event, from the first one on, and how it ended."""
    begun_at_s: float | None = None
    for each in _events(state, run):
        begun_at_s = each.at_s if begun_at_s is None else begun_at_s
        if concerns(each, segment):
            yield as_json(each) if json else line(each, begun_at_s, ink())
    record = RunRecord.read(run.folder)
    if json:
        yield from outcome_as_json(record)
        return
    story = tell(record)
    yield from why(story, segment, ink())
    yield head(story, ink())


def server_log(state: State, run: Past, *, following: bool) -> Iterator[bytes]:
    """What the server of a run wrote, in pieces; while the run goes on the file that it writes is read.

    Raises:
        BadInput: it had none.
    """
    path = _log_of(state, run)
    if path is None:
        expected = "a run on Triton has the server's log"
        raise BadInput(Problem("no-server-log", run.id, expected, "none", "Read `headrace logs` without --server"))
    with path.open("rb") as file:
        while True:
            going_on = following and _goes_on(state, run)
            while piece := file.read(_PIECE_BYTES):
                yield piece
            if not going_on:
                return
            time.sleep(_LOOK_S)


def _log_of(state: State, run: Past) -> Path | None:
    kept, written = RunFolder(run.folder).server_log, state.scratch / run.id / "triton.log"
    return next((path for path in (kept, written) if path.exists()), None)


def _events(state: State, run: Past) -> Iterator[Recorded]:
    """The events of a run as they come; ends with the run."""
    folder = RunFolder(run.folder)
    last: Recorded | None = None
    while True:
        going_on = _goes_on(state, run)  # looked at first: what came before the end is read after it
        for each in arrived(folder, last):
            yield each
            last = each
        if not going_on:
            return
        time.sleep(_LOOK_S)


def _goes_on(state: State, run: Past) -> bool:
    return not RunFolder(run.folder).outcome.exists() and busy(state, run.id)
