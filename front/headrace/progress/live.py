"""A live table: each node with its segment, state, tasks and time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from headrace.progress.counted import counted
from headrace.progress.items import told
from headrace.progress.words import lost, recalled, word
from headrace.terminal import duration
from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Event
from headrace_events.engine.progress import How, Progress, SegmentProgress
from headrace_events.engine.state import Folded

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

_REFRESH_HZ = 8
_STYLES: dict[How, str] = {"queued": "cyan", "running": "cyan", "done": "green", "failed": "red", "stopped": "yellow"}
_BAR_CELLS = 16
_MOST_ROWS = 40
"""Nodes that are shown; of larger dags the segments stand for their nodes."""


class LiveView:
    """Draws a table over itself.

    Args:
        plan: of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._progress = Progress(plan)
        self._stage = ""
        self._begun_s = time.monotonic()
        self._live = self._made()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.__exit__(None, None, None)

    def stage(self, text: str) -> None:
        """What is being done now."""
        self._stage = text

    def note(self, text: str) -> None:
        """A line above the table."""
        self._live.console.print(text, style="yellow", highlight=False, markup=False)

    def making(self, what: str, step: int, steps: int) -> None:
        """Said in place of the stage; the first time in a line that stays."""
        if not step:
            self.note(what)
        self._stage = counted(what, step, steps)

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """Take an event into account; the next refresh shows it."""
        before = self._progress.segments
        self._progress.observe(event, at_s, folded)
        if text := told(event, before):
            self._live.console.print(text, highlight=False, markup=False)
        if self._progress.outcome:
            self._stage = self._progress.outcome.status

    def _made(self) -> Live:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        return Live(get_renderable=self._drawn, console=console, refresh_per_second=_REFRESH_HZ, transient=True)

    def _drawn(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("NODE", "SEGMENT", "", "TASKS", "TIME"):
            table.add_column(title, header_style="dim", justify="right" if title == "TIME" else "left")
        for cells, style in self._rows():
            table.add_row(*(Text(cell) for cell in cells), style=style)
        spent = duration(time.monotonic() - self._begun_s)
        table.caption = Text(f"{self._plan.graph.name}: {self._stage}, {spent}", justify="left")
        table.caption_justify = "left"
        return table

    def _rows(self) -> Iterator[tuple[tuple[str, ...], str]]:
        folded = len(self._plan.graph.nodes) > _MOST_ROWS
        for segment in self._progress.segments:
            state, style = _state(segment)
            names = [f"{len(segment.nodes)} nodes"] if folded else segment.nodes
            for place, node in enumerate(names):
                shown = (segment.name, state, _bar(segment), _spent(segment)) if place == 0 else ("", state, "", "")
                yield (node, *shown), style


def _state(segment: SegmentProgress) -> tuple[str, str]:
    if segment.how == "running" and segment.retries:
        return f"running, {segment.retries} retried", "yellow"
    told = ", ".join(filter(None, (word(segment.how), recalled(segment), lost(segment.lost))))
    return told, "yellow" if segment.lost else _STYLES.get(segment.how, "dim")


def _bar(segment: SegmentProgress) -> str:
    """Tasks done of all, as a bar where there are several; of a stream how many items are there."""
    if segment.streamed:
        return f"{segment.streamed} item{'s' if segment.streamed != 1 else ''}"
    if segment.tasks is None or segment.tasks == 1:
        return ""
    filled = _BAR_CELLS * segment.done // max(segment.tasks, 1)
    return f"{'━' * filled}{'╌' * (_BAR_CELLS - filled)} {segment.done}/{segment.tasks}"


def _spent(segment: SegmentProgress) -> str:
    if segment.started_s is None:
        return ""
    ended_s = time.time() if segment.how in {"running", "queued"} else segment.ended_s
    return "" if ended_s is None else duration(max(0.0, ended_s - segment.started_s))
