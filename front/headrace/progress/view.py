"""What every view can be told, and which one fits the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, Self

from headrace.terminal import lively

if TYPE_CHECKING:
    from headrace_dags.plan.model import Plan
    from headrace_events.engine.events import Event
    from headrace_events.engine.state import Folded


class View(Protocol):
    """Shows a run; entered before it starts and left when it is over."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def stage(self, text: str) -> None:
        """What is being done now, before and while tasks run."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line of its own."""
        ...

    def making(self, what: str, step: int, steps: int) -> None:
        """Something that takes minutes and is made but once has come to a step; programs are told, too."""
        ...

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """An event of the run, its time (Unix seconds), and what ``decide`` made of it, where that is known."""
        ...


def view_for(plan: Plan, *, quiet: bool) -> View:
    """A live table on a terminal, nothing where only a program reads (``quiet``), else plain lines."""
    if lively(sys.stderr):
        from headrace.progress.live import LiveView

        return LiveView(plan)
    if quiet:
        from headrace.progress.silent import SilentView

        return SilentView()
    from headrace.progress.plain import PlainView

    return PlainView(plan)
