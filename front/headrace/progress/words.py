"""How it is with a segment, in words: the same on the terminal, in the summary and on the page."""

from __future__ import annotations

from headrace.terminal import legible
from headrace_events.engine.progress import How, SegmentProgress
from headrace_serving.failure import TaskFailure

_WORDS: dict[How, str] = {"skipped": "skipped (not needed)", "unbegun": "did not begin"}


def word(how: How) -> str:
    """How it is with a segment: ``running``, ``skipped (not needed)``, ``did not begin``."""
    return _WORDS.get(how, how)


def lost(items: int) -> str:
    """How many items a tolerant map lost; empty for none."""
    return f"{items} item{'s' if items != 1 else ''} lost" if items else ""


def recalled(segment: SegmentProgress) -> str:
    """How many calls of a segment were answered from the cache; empty for none."""
    return f"{segment.cached} of {segment.calls} from the cache" if segment.cached else ""


def why(segment: SegmentProgress) -> str:
    """Why a segment gave nothing, or how its first item was lost, in a line; empty where neither is so."""
    return in_a_line(segment.failure) if segment.failure else ""


def in_a_line(failure: TaskFailure) -> str:
    """The first line of what is said of a failure."""
    return legible(next(iter(failure.message.splitlines()), ""))
