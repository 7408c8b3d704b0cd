"""The attempts of a run on one clock, as a terminal shows them: a bar a task, with what its time went into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headrace.terminal import Ink, clipped, duration
from headrace_events.engine.progress import Attempt

WIDTH = 48
_MOST = 40
_LONGEST_NAME = 28
_STAGES = (("queue_s", "\N{MIDDLE DOT}"), ("fetch_s", "\N{LIGHT SHADE}"), ("compute_s", "\N{FULL BLOCK}"))
_PUBLISH = "\N{MEDIUM SHADE}"
LEGEND = "\N{MIDDLE DOT} queued  \N{LIGHT SHADE} fetched  \N{FULL BLOCK} computed  \N{MEDIUM SHADE} published"


def waterfall(attempts: Sequence[Attempt], begun_s: float, took_s: float, paint: Ink) -> Iterator[str]:
    """A line for each attempt, in the order in which they were begun.

    Args:
        attempts: what is shown; of many the first ones.
        begun_s: when the run began (Unix seconds).
        took_s: how long it took: the width of the picture.
        paint: for the terminal.
    """
    scale = WIDTH / took_s if took_s else 0.0
    names = [_name(each) for each in attempts[:_MOST]]
    width = max(map(len, names), default=0)
    for name, each in zip(names, attempts, strict=False):
        bar = _bar(each, begun_s, scale)
        style = "bad" if each.failure else "good"
        spent = duration(each.ended_s - each.started_s) if each.ended_s is not None else "running"
        yield f"  {paint('name', name.ljust(width))}  {paint(style, bar.ljust(WIDTH))}  {spent}"
    if len(attempts) > _MOST:
        yield paint("soft", f"  ... and {len(attempts) - _MOST} more")
    yield paint("soft", f"  {' ' * width}  {LEGEND}")


def _name(attempt: Attempt) -> str:
    task = attempt.task
    again = f" #{task.attempt}" if task.attempt > 1 else ""
    chunk = f"[{task.chunk}]" if task.chunk else ""
    return clipped(f"{task.segment}{chunk}{again}", _LONGEST_NAME)


def _bar(attempt: Attempt, begun_s: float, scale: float) -> str:
    """Where an attempt lies, its stages one after another: what it waited for lies before its start."""
    timing = attempt.timing
    at_s = max(begun_s, attempt.started_s - timing.queue_s)
    edges = [(at_s, sign, getattr(timing, stage)) for stage, sign in _STAGES]
    text = " " * int((at_s - begun_s) * scale)
    for _, sign, spent_s in edges:
        at_s += spent_s
        text += sign * max(0, round((at_s - begun_s) * scale) - len(text))
    end_s = attempt.ended_s if attempt.ended_s is not None else at_s
    text += _PUBLISH * max(0, round((end_s - begun_s) * scale) - len(text))
    return text[:WIDTH] if text.strip() else text[: WIDTH - 1] + "\N{LEFT ONE EIGHTH BLOCK}"
