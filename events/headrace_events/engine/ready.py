"""Open the segments whose inputs are all there: cut mapped axes into chunks and issue a task for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from headrace_events.engine.ending import succeed
from headrace_events.engine.events import Command, IssueTask, Piece, TaskKey
from headrace_events.engine.pieces import Undecidable, Values
from headrace_events.engine.state import Decision, Open, Pages, RunState, SegmentState, Slot
from headrace_events.engine.wiring import WiredSegment, Wiring

MAX_CHUNKS = 1024
"""The most chunks of a mapped axis: a longer axis gets larger chunks."""

_FIRST: Slot = Open()


def advance(state: RunState, candidates: Iterable[int], wiring: Wiring) -> Decision:
    """Open those of ``candidates`` that are ready, and those that become ready because an empty map is complete at once.

    Raises:
        Undecidable: two mapped inputs of one segment differ in length.
    """
    segments = list(state.segments)
    values = Values(state.inputs, segments)
    waiting, commands, remaining = deque(candidates), list[Command](), state.remaining
    while waiting:
        number = waiting.popleft()
        wired = wiring.segments[number]
        if segments[number] is not None or not all(values.ready(feed.origin) for feed in wired.feeds):
            continue
        segments[number] = opened = _opened(wired, values)
        commands += _tasks(wired, opened, values)
        if not opened.missing:
            remaining -= 1
            waiting += wired.consumers
    state = RunState(state.run, state.version, state.deadline_at_s, state.inputs, tuple(segments), remaining)
    return (state, tuple(commands)) if remaining else succeed(state, wiring)


def issue(wired: WiredSegment, segment: SegmentState, values: Values, task: TaskKey) -> IssueTask:
    """The command for one task: mapped inputs cut to the chunk, the others whole."""
    return _issue(wired, segment, values, task, _broadcast(wired, values))


def _opened(wired: WiredSegment, values: Values) -> SegmentState:
    if not wired.mapped:
        return SegmentState(1, 1, mapped=False, slots=Pages.filled(_FIRST, 1), missing=1)
    items = _axis(wired, values)
    size = max(wired.chunk, -(-items // MAX_CHUNKS))
    chunks = -(-items // size)
    return SegmentState(items, size, mapped=True, slots=Pages.filled(_FIRST, chunks), missing=chunks)


def _axis(wired: WiredSegment, values: Values) -> int:
    """The length that all mapped inputs share."""
    lengths = {feed.name: values.items(feed.origin) for feed in wired.feeds if feed.mapped}
    if len(set(lengths.values())) > 1:
        raise Undecidable(f"mapped inputs of segment {wired.name} differ in length: {lengths}")
    return next(iter(lengths.values()))


def _tasks(wired: WiredSegment, segment: SegmentState, values: Values) -> Iterator[IssueTask]:
    broadcast = _broadcast(wired, values) if segment.missing else {}
    for chunk in range(len(segment.slots)):
        yield _issue(wired, segment, values, TaskKey(segment=wired.name, chunk=chunk), broadcast)


def _broadcast(wired: WiredSegment, values: Values) -> dict[str, tuple[Piece, ...]]:
    return {feed.name: values.whole(feed.origin) for feed in wired.feeds if not feed.mapped}


def _issue(
    wired: WiredSegment,
    segment: SegmentState,
    values: Values,
    task: TaskKey,
    broadcast: dict[str, tuple[Piece, ...]],
) -> IssueTask:
    start, stop = segment.bounds(task.chunk)
    mapped = {feed.name: values.cut(feed.origin, start, stop) for feed in wired.feeds if feed.mapped}
    return IssueTask(task=task, inputs=broadcast | mapped, timeout_s=wired.timeout_s)
