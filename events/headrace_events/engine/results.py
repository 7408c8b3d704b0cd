"""A task succeeded: keep the references, and open what waited for them."""

from __future__ import annotations

from dataclasses import replace

from headrace_dags.declare.shares import fall_short, shortfall
from headrace_events.engine.events import Payload, Result, TaskKey
from headrace_events.engine.pieces import Undecidable
from headrace_events.engine.ready import advance
from headrace_events.engine.state import Decision, Done, Gone, Open, RunState, SegmentState
from headrace_events.engine.wiring import WiredSegment, Wiring
from headrace_serving.failure import TaskFailure


def under_way(state: RunState, task: TaskKey, wiring: Wiring) -> tuple[int, SegmentState, Open] | None:
    """The segment's number and state and the slot of an attempt that was issued and has no result.

    ``None`` for everything that changes nothing: unknown tasks, duplicates, attempts given up before.
    """
    number = wiring.numbers.get(task.segment)
    segment = None if number is None else state.segment(number)
    if number is None or segment is None or not 0 <= task.chunk < len(segment.slots):
        return None
    slot = segment.slots[task.chunk]
    if not isinstance(slot, Open) or slot.attempt != task.attempt or slot.due_s is not None:
        return None
    return number, segment, slot


def keep(state: RunState, event: Result, at_s: float, wiring: Wiring) -> Decision:
    """Put the result in its place.

    Raises:
        Undecidable: outputs are missing, or hold another number of items than the plan says.
    """
    if (found := under_way(state, event.task, wiring)) is None:
        return state, ()
    number, segment, _ = found
    wired = wiring.segments[number]
    segment = segment.with_slot(event.task.chunk, _checked(event, wired, segment))
    if event.lost:
        segment = replace(
            segment, lost=segment.lost + event.lost, failure=segment.failure or _first_lost(event, segment)
        )
    failure = None if segment.missing else _too_few(wired, segment)
    state = state.with_unit(number, Gone(failure, event.task) if failure else segment)
    return (state, ()) if segment.missing else advance(state, wired.consumers, at_s, wiring)


def _first_lost(event: Result, segment: SegmentState) -> TaskFailure | None:
    """How the first item was lost, its number counted over all chunks."""
    failure = event.failure
    if failure is None or not 0 <= failure.item < len(places := segment.places(event.task.chunk)):
        return failure
    return failure.model_copy(update={"item": places[failure.item]})


def _too_few(wired: WiredSegment, segment: SegmentState) -> TaskFailure | None:
    """The failure of a tolerant map of which too few items succeeded."""
    share = wired.tolerant
    items = segment.items if segment.mapped else max(payload.items for payload in _whole(segment))
    if share is None or not fall_short(share, items, segment.lost):
        return None
    first = segment.failure or TaskFailure(kind="step", message="an item failed")
    return first.model_copy(update={"message": shortfall(share, items, segment.lost, first.message)})


def _whole(segment: SegmentState) -> Done:
    """The result of a segment that has one task."""
    slot = segment.slots[0]
    return () if isinstance(slot, Open) else slot


def _checked(event: Result, wired: WiredSegment, segment: SegmentState) -> Done:
    start, stop = segment.bounds(event.task.chunk)
    return tuple(
        _output(event, name, stop - start if segment.mapped else 1 if single else None)
        for name, single in zip(wired.outputs, wired.single, strict=True)
    )


def _output(event: Result, name: str, items: int | None) -> Payload:
    payload = event.outputs.get(name)
    if payload is None:
        raise Undecidable(f"the result of task {event.task} lacks output {name}")
    if items is not None and payload.items != items:
        raise Undecidable(f"output {name} of task {event.task} holds {payload.items} items, expected {items}")
    return payload
