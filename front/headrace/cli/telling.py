"""A recorded run as lines: for a person with times since its start, for a program as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from headrace.progress.words import in_a_line, lost
from headrace.report.story import Story, given, tell
from headrace.terminal import Ink, duration, ink, legible, near, size
from headrace_dags.errors import BadInput, Problem
from headrace_events.engine.events import (
    Cancel,
    Event,
    Failed,
    Item,
    Payload,
    Result,
    Started,
    Submitted,
    TaskKey,
    TimerFired,
)
from headrace_events.engine.readback import Recorded, RunRecord
from headrace_serving.failure import TaskFailure

_STYLES = {"succeeded": "good", "failed": "bad", "expired": "bad", "cancelled": "warn", "unfinished": "warn"}


def of_segment(record: RunRecord, segment: str) -> Iterator[Recorded]:
    """The events of one segment's tasks; all events where ``segment`` is empty."""
    yield from (each for each in record.events if concerns(each, segment))


def concerns(each: Recorded, segment: str) -> bool:
    """Whether an event is one of a task of ``segment``; every event is where that is empty."""
    return not segment or (
        isinstance(each.event, Started | Item | Result | Failed) and each.event.task.segment == segment
    )


def segment_of(record: RunRecord, node: str) -> str:
    """The segment that served ``node``.

    Raises:
        BadInput: the run's dag has no such node.
    """
    if node in record.plan.homes:
        return record.plan.homes[node]
    raise no_node("--node", node, record.plan.homes, record.plan.graph.name)


def no_node(flag: str, name: str, known: Iterable[str], dag: str) -> BadInput:
    """What is said where ``flag`` names a node that ``dag`` does not have."""
    known = list(known)
    close = get_close_matches(name, known, 1)
    write = f"Write {flag} {close[0]}" if close else f"Choose among {', '.join(known)}"
    return BadInput(Problem("no-node", f"{flag} {name}", f"expects a node of {dag}", name, write))


def as_text(record: RunRecord, segment: str = "") -> Iterator[str]:
    """The lines a person reads; of one segment's tasks where one is given."""
    story, paint = tell(record), ink()
    yield head(story, paint)
    yield from (line(each, story.begun_at_s, paint) for each in of_segment(record, segment))
    yield from why(story, segment, paint)


def why(story: Story, segment: str, paint: Ink) -> Iterator[str]:
    """Why a run failed, if it did, and if that concerns the segment."""
    if story.failure and (not segment or (story.failed_task and story.failed_task.segment == segment)):
        yield ""
        yield from failure_lines(story.failure, given(story), paint)


def as_records(record: RunRecord, segment: str = "") -> Iterator[str]:
    """A JSON object an event, then one with the outcome; of one segment's tasks where one is given."""
    yield from (as_json(each) for each in of_segment(record, segment))
    yield from outcome_as_json(record)


def as_json(each: Recorded) -> str:
    """An event as a JSON object."""
    event = each.event.model_dump(mode="json")
    return json.dumps({"offset": each.offset, "at_s": each.at_s, **event}, ensure_ascii=False)


def outcome_as_json(record: RunRecord) -> Iterator[str]:
    """How a run ended as a JSON object; nothing of one that has not."""
    if record.ending:
        outcome = record.ending.outcome.model_dump(mode="json")
        yield json.dumps({"at_s": record.ending.at_s, **outcome}, ensure_ascii=False)


def failure_lines(failure: TaskFailure, inputs: str, paint: Ink, *, brief: bool = False) -> Iterator[str]:
    """Why a run failed: who, what, on which inputs, and the user's frames.

    Args:
        failure: what happened.
        inputs: what the node was given.
        paint: for the terminal.
        brief: leave out the frames where the input is at fault, not the code; the record and the page have them.
    """
    where = ".".join(part for part in (failure.node, failure.port) if part) or "run"
    item = f", item {failure.item}" if failure.item >= 0 else ""
    place = f"{_near(failure.location)} " if failure.location else ""
    head = f"{paint('name', f'{place}({where}{item})')} [{paint('bad', failure.kind)}]: "
    # What the machine lacks is told with its place and code already.
    told = failure.kind == "environment" and f"({failure.node})" in failure.message
    message = legible(failure.message, lines=True)
    yield message if told else f"{head}{message}"
    if inputs:
        yield f"{failure.node} was given {legible(inputs)}"
    if failure.traceback and not (brief and failure.kind == "input"):
        yield legible(failure.traceback.rstrip("\n"), lines=True)


def _near(location: str) -> str:
    """``file:line`` with the file as one would type it here."""
    file, colon, line = location.rpartition(":")
    return f"{near(file)}{colon}{line}" if colon else location


def head(story: Story, paint: Ink) -> str:
    """How a run went, in a line."""
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(story.begun_at_s))
    status = paint(_STYLES[story.status], story.status)
    return (
        f"{paint('strong', story.dag)} {status} after {duration(story.took_s)}, begun {began}, run {story.record.run}"
    )


def line(each: Recorded, begun_at_s: float, paint: Ink) -> str:
    """An event with its time since the run began."""
    at = f"{each.at_s - begun_at_s:+9.3f} s"
    return f"{paint('soft', at)}  {_told(each.event, paint)}"


def _told(event: Event, paint: Ink) -> str:
    match event:
        case Submitted():
            text = f"submitted  {_payloads(event.inputs) or 'no inputs'}"
        case Started():
            text = f"started    {_task(event.task)}"
        case Item():
            text = f"item       {_task(event.task)} [{event.index}]: {legible(event.shown) or _payloads(event.outputs)}"
        case Result():
            kept = f"{event.cached} from the cache" if event.cached else ""
            facts = filter(None, (_payloads(event.outputs), lost(event.lost), kept, _spent(event)))
            text = f"{paint('good', 'result')}     {_task(event.task)}: {', '.join(facts)}"
        case Failed():
            text = f"{paint('bad', 'failed')}     {_task(event.task)}: {in_a_line(event.failure)}, {_spent(event)}"
        case TimerFired():
            text = f"timer      {event.name}"
        case Cancel():
            text = f"{paint('warn', 'cancel')}     {legible(event.reason)}"
    return text


def _task(task: TaskKey) -> str:
    chunk = f" chunk {task.chunk}" if task.chunk else ""
    attempt = f" attempt {task.attempt}" if task.attempt > 1 else ""
    return f"{task.segment}{chunk}{attempt}"


def _payloads(payloads: Mapping[str, Payload]) -> str:
    return ", ".join(
        f"{name} ({payload.items} item{'s' if payload.items != 1 else ''}, {size(payload.nbytes)})"
        for name, payload in payloads.items()
    )


def _spent(event: Result | Failed) -> str:
    timing = event.timing
    parts = {
        "queued": timing.queue_s,
        "fetched": timing.fetch_s,
        "computed": timing.compute_s,
        "published": timing.publish_s,
    }
    return ", ".join(f"{word} {duration(spent)}" for word, spent in parts.items() if spent >= 0.0005) or "at once"
