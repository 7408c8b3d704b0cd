"""An item of a stream as a line, the moment it is there. Knows no terminal."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.terminal import size
from headrace_events.engine.events import Event, Item
from headrace_events.engine.progress import SegmentProgress


def told(event: Event, before: Sequence[SegmentProgress]) -> str:
    """The line of an item: its stream, its number, and itself where it is short; empty for all else, and one that was there.

    Args:
        event: what happened.
        before: how far the segments were.
    """
    if not isinstance(event, Item) or any(_has(each, event) for each in before):
        return ""
    content = event.shown or ", ".join(size(payload.nbytes) for payload in event.outputs.values())
    return f"{event.task.segment} [{event.index}]: {content}"


def _has(segment: SegmentProgress, item: Item) -> bool:
    return segment.name == item.task.segment and segment.streamed > item.index
