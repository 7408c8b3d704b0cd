"""A line for each thing worth one: for processes that serve and have no run of their own."""

from __future__ import annotations

from typing import Self

from headrace.progress.counted import counted
from headrace.terminal import remark
from headrace_events.engine.events import Event
from headrace_events.engine.state import Folded


class Notes:
    """A :class:`~headrace.progress.view.View` of no run."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def stage(self, text: str) -> None:
        """What is being done now."""
        remark(text)

    def note(self, text: str) -> None:
        """Something worth a line."""
        remark(text)

    def making(self, what: str, step: int, steps: int) -> None:
        """A line for each step."""
        remark(counted(what, step, steps))

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """Events are told by whoever follows a run."""
