"""Hardly a view: for programs that read the result. They hear only of what takes minutes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from headrace.terminal import remark

if TYPE_CHECKING:
    from headrace_events.engine.events import Event
    from headrace_events.engine.state import Folded


class SilentView:
    """Shows nothing but what is being made, as a JSON object a step on the standard error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def stage(self, text: str) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""

    def making(self, what: str, step: int, steps: int) -> None:
        """An object for each step."""
        remark(json.dumps({"making": what, "step": step, "steps": steps}, ensure_ascii=False))

    def observe(self, event: Event, at_s: float, folded: Folded | None = None) -> None:
        """Nothing is shown."""
