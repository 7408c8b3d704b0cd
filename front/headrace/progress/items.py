"""An item of a stream as a line, the moment it is there. Knows no terminal."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.terminal import legible, size
from headrace_events.engine.events import Event, Item
from headrace_events.engine.progress import SegmentProgress


def told(event: Event, before: Sequence[SegmentProgress]) -> str:
    """The line of an item: its stream, its number, and itself where it is short; empty for all else, and one that was there.

    Args:
        event: what happened.
        before: how far the segments were.
    """
    if not isinstance(event, Item):
        return ""
    segment = next((each for each in before if each.name == event.task.segment), None)
    if segment is None or segment.streamed > event.index:
        return ""
    content = event.shown or ", ".join(size(payload.nbytes) for payload in event.outputs.values())
    return f"{segment.nodes[-1]} [{event.index}]: {legible(content)}"
