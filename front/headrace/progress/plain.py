"""A line when a stage, a segment or a part of its tasks is through: for logs of machines and dumb terminals."""

from __future__ import annotations

import time
from typing import Self

from headrace.progress.counted import counted
from headrace.progress.items import told
from headrace.progress.words import lost, recalled, why, word
from headrace.terminal import duration, remark
from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Event
from headrace_events.engine.progress import Progress, SegmentProgress
from headrace_events.engine.state import Folded

_EVERY_S = 2.0


class PlainView:
    """Writes lines as the run goes on.

    Args:
        plan: of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._progress = Progress(plan)
        self._begun_s = time.monotonic()
        self._told: dict[str, tuple[int, float]] = {}
        self._closed: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def stage(self, text: str) -> None:
        """What is being done now."""
        self._say(text)

    def note(self, text: str) -> None:
        """Something worth a line."""
        self._say(text)

    def making(self, what: str, step: int, steps: int) -> None:
        """A line for each step."""
        self._say(counted(what, step, steps))

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """Tell of segments that came further."""
        before = self._progress.segments
        self._progress.observe(event, at_s, folded)
        if text := told(event, before):
            self._say(text)
        for segment, old in zip(self._progress.segments, before, strict=True):
            if segment is not old:
                self._close(segment)
                self._tell(segment)

    def _close(self, segment: SegmentProgress) -> None:
        """A segment that is over without having come to its end."""
        if segment.how in {"skipped", "failed", "stopped"} and segment.name not in self._closed:
            self._closed.add(segment.name)
            reason = f": {why(segment)}" if why(segment) and segment.how == "failed" else ""
            self._say(f"{segment.name} {word(segment.how)}{reason}")

    def _tell(self, segment: SegmentProgress) -> None:
        """A segment that is through, or has come further since it was last told of."""
        now_s = time.monotonic()
        if segment.started_s is None or segment.name in self._closed:
            return
        done, told_s = self._told.setdefault(segment.name, (0, now_s))
        if segment.done == done and not (segment.tasks == 0 and told_s == now_s):
            return
        if segment.complete or now_s - told_s >= _EVERY_S:
            self._told[segment.name] = (segment.done, now_s)
            count = f" {segment.done}/{segment.tasks}" if segment.tasks != 1 else ""
            count += f" {segment.streamed} items" if segment.streamed else ""
            took = duration((segment.ended_s or segment.started_s) - segment.started_s)
            facts = [f"{segment.name}{count}{' done' if segment.complete else ''}", took if segment.complete else ""]
            self._say(", ".join(filter(None, (*facts, recalled(segment), lost(segment.lost)))))

    def _say(self, text: str) -> None:
        remark(f"[{time.monotonic() - self._begun_s:7.2f} s] {text}")
