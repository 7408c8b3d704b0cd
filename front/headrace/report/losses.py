"""What a run did without: the items that tolerant maps lost, and the failures that joins absorb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from xml.etree import ElementTree as ET

from headrace.report.element import el
from headrace.report.story import Story
from headrace_events.engine.events import Piece, Result
from headrace_events.engine.progress import SegmentProgress
from headrace_serving.failure import TaskFailure
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.wire.optional import lost

_MOST = 100
"""Losses that are shown; a page with all of a million helps nobody."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something a run did without.

    Attributes:
        segment: where it was to be made.
        failure: why it was not; an item is counted within the run's axis.
    """

    segment: str
    failure: TaskFailure


def losses(story: Story, store: ObjectStore) -> Iterator[Loss]:
    """What the run did without, by segment in the plan's order; nothing of what made the run itself fail."""
    for segment in story.segments:
        if segment.failed and segment.failure and not _ended_the_run(segment, story):
            yield Loss(segment.name, segment.failure)
        elif segment.lost:
            yield from (Loss(segment.name, each) for each in _items(segment, story, store))


def without(story: Story, store: ObjectStore) -> ET.Element | None:
    """The page's section about it; ``None`` where there is nothing to tell."""
    found = list(islice(losses(story, store), _MOST + 1))
    if not found:
        return None
    more = el("p", "soft", "and more") if len(found) > _MOST else None
    rows = (el("tr", "", el("td", "mono", _who(each)), el("td", "", *_why(each.failure))) for each in found[:_MOST])
    table = el("table", "", *rows)
    return el("section", "", el("h2", "", "What it did without"), table, more)


def _who(loss: Loss) -> str:
    item = f", item {loss.failure.item}" if loss.failure.item >= 0 else ""
    return f"{loss.failure.node or loss.segment}{item}"


def _why(failure: TaskFailure) -> Iterator[ET.Element | str]:
    yield failure.message
    if failure.location:
        yield el("span", "soft mono", f" {failure.location}")


def _ended_the_run(segment: SegmentProgress, story: Story) -> bool:
    return story.failed_task is not None and story.failed_task.segment == segment.name


def _items(segment: SegmentProgress, story: Story, store: ObjectStore) -> Iterator[TaskFailure]:
    """How each item of a segment was lost, in the order of the axis; where the objects are gone, the first of each task."""
    first: dict[int, Result] = {}
    for each in story.record.events:
        if isinstance(each.event, Result) and each.event.lost and each.event.task.segment == segment.name:
            first.setdefault(each.event.task.chunk, each.event)
    for chunk in sorted(first):
        yield from _of_task(segment, first[chunk], story, store)


def _of_task(segment: SegmentProgress, result: Result, story: Story, store: ObjectStore) -> Iterator[TaskFailure]:
    places = segment.places(result.task.chunk)
    mapped = bool(story.record.plan.by_name[segment.name].mapped)
    for item, failure in _told(result, story, store):
        yield failure.model_copy(update={"item": places[item] if mapped and 0 <= item < len(places) else item})


def _told(result: Result, story: Story, store: ObjectStore) -> list[tuple[int, TaskFailure]]:
    """The lost items of one task, by their places in it."""
    found: dict[int, TaskFailure] = {}
    for flow in story.record.plan.by_name[result.task.segment].outputs:
        payload = result.outputs.get(flow.name)
        if flow.optional and payload is not None:
            try:
                piece = Piece(payload=payload, start=0, stop=payload.items)
                found |= lost(story.record.join([piece], flow, store))
            except FileNotFoundError:
                continue
    if not found and result.failure:
        found[result.failure.item] = result.failure
    return sorted(found.items())
