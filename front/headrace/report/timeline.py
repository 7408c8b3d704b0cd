"""The waterfall: every attempt of a task as a bar on the run's clock, by segment, cut into waiting, fetching, computing, publishing."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from headrace.progress.words import lost, recalled, word
from headrace.report.element import el
from headrace.report.story import Story
from headrace.terminal import duration
from headrace_events.engine.progress import Attempt, SegmentProgress

PHASES = {"queue": "waiting", "fetch": "fetching inputs", "compute": "computing", "publish": "publishing"}
_ROWS = 24
"""Bars of one segment; a mapped axis with more tasks shows the first ones and says so."""
_TICKS = 5


def timeline(story: Story) -> ET.Element:
    """The waterfall of a run."""
    span = max(story.took_s, 1e-6)
    rows = [row for segment in story.segments for row in _rows(segment, story, span)]
    return el("div", "timeline", _legend(), el("div", "rows", _axis(span), *rows))


def _legend() -> ET.Element:
    keys = [el("span", "key", el("i", phase), text) for phase, text in PHASES.items()]
    return el("div", "legend soft", *keys, el("span", "key", el("i", "compute bad"), "failed"))


def _axis(span: float) -> ET.Element:
    ticks = [
        _at(el("span", "tick", duration(span * part / _TICKS) if part else "0"), 100 * part / _TICKS)
        for part in range(_TICKS + 1)
    ]
    return el("div", "row axis", el("div", "who"), el("div", "lane", *ticks))


def _rows(segment: SegmentProgress, story: Story, span: float) -> Iterator[ET.Element]:
    attempts = [attempt for attempt in story.attempts if attempt.task.segment == segment.name]
    yield _head(segment, attempts)
    for attempt in attempts[:_ROWS]:
        yield el(
            "div", "row", el("div", "who soft", _who(segment, attempt)), el("div", "lane", *_bars(attempt, story, span))
        )
    if len(attempts) > _ROWS:
        yield el("div", "row", el("div", "who soft", f"and {len(attempts) - _ROWS} tasks more"), el("div", "lane"))


def _head(segment: SegmentProgress, attempts: list[Attempt]) -> ET.Element:
    nodes = ", ".join(segment.nodes)
    counts = f"{segment.done} of {segment.tasks} tasks" if segment.tasks not in (None, 1) else ""
    items = f"{segment.streamed} items by stream" if segment.streamed else ""
    retries = f"{segment.retries} retried" if segment.retries else ""
    ended = any(attempt.ended_s is not None for attempt in attempts)
    took = f"{duration(segment.timing.compute_s)} computing" if ended else ""
    state = "" if segment.how == "done" else word(segment.how)
    facts = " · ".join(filter(None, (state, counts, items, recalled(segment), retries, lost(segment.lost), took)))
    names = el("span", "", el("b", "", segment.name), el("span", "soft", f" {nodes}" if nodes != segment.name else ""))
    return el("div", "row head", names, el("span", "soft", facts))


def _who(segment: SegmentProgress, attempt: Attempt) -> str:
    chunk = "run" if segment.tasks == 1 else _items(segment, attempt.task.chunk)
    return f"{chunk}, attempt {attempt.task.attempt}" if attempt.task.attempt > 1 else chunk


def _items(segment: SegmentProgress, chunk: int) -> str:
    """Which items of the mapped axis a task has; of a branch those that take it, which may lie apart."""
    places = segment.places(chunk)
    if not places:
        return f"chunk {chunk}"
    first, last = places[0], places[-1]
    apart = f" ({len(places)})" if last - first >= len(places) else ""
    return f"item {first}" if last <= first else f"items {first}-{last}{apart}"


def _bars(attempt: Attempt, story: Story, span: float) -> Iterator[ET.Element]:
    """Waiting lies before the worker began, the rest after it."""
    timing = attempt.timing
    at = attempt.started_s - story.begun_at_s - timing.queue_s
    ended = attempt.ended_s is not None
    lengths = (timing.queue_s, timing.fetch_s, timing.compute_s, timing.publish_s)
    if not ended:
        lengths = (0.0, 0.0, max(0.0, story.took_s - at), 0.0)
    for phase, length in zip(PHASES, lengths, strict=True):
        if length > 0:
            failed = " bad" if attempt.failure and phase == "compute" else "" if ended else " open"
            yield _bar(f"{phase}{failed}", at / span * 100, length / span * 100, f"{PHASES[phase]}: {duration(length)}")
        at += length


def _bar(name: str, left: float, width: float, title: str) -> ET.Element:
    place = f"left:{max(left, 0):.3f}%;width:{min(width, 100 - max(left, 0)):.3f}%"
    return el("span", f"bar {name}", style=place, title=title)


def _at(element: ET.Element, left: float) -> ET.Element:
    element.set("style", f"left:{left:.3f}%")
    return element
