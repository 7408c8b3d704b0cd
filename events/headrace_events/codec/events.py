"""The events of the inbox as records of the log, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import TypeAdapter, ValidationError

from headrace_events.codec.headers import JSON, NO_TRACE, PROTOBUF, Trace, Undecodable, headers, trace_of
from headrace_events.codec.message import read_request, read_response, request, response
from headrace_events.codec.parts import Part
from headrace_events.engine.events import Cancel, Event, Failed, Item, Payload, Result, Started, Submitted, TimerFired
from headrace_events.log.contract import Draft, Entry

_EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
_NO_PARTS: Mapping[str, Part] = MappingProxyType({})
_LONGEST_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event and the payloads that it holds itself, by the part's name.

    Attributes:
        trace: what it belongs to.
    """

    event: Event
    parts: Mapping[str, Part] = field(default_factory=lambda: _NO_PARTS)
    trace: Trace = NO_TRACE


@dataclass(frozen=True, slots=True)
class Home:
    """Where the events of a run go.

    Attributes:
        topic: the inbox.
        partition: the run's home partition.
        run: its id.
        trace: what the run belongs to.
    """

    topic: str
    partition: int
    run: str
    trace: Trace = NO_TRACE

    def draft(self, event: Event, parts: Mapping[str, Part] = _NO_PARTS) -> Draft:
        """The record of an event."""
        content, value = _written(self.run, event, parts)
        found = headers(event.type, event_id(self.run, event), self.run, content, self.trace)
        return Draft(self.topic, self.partition, self.run, value, found)


def read(entry: Entry) -> Envelope:
    """The event of a record, its place filled in.

    Raises:
        Undecodable: the record is no event of ours.
    """
    value, content = entry.draft.value or b"", dict(entry.draft.headers).get("content-type", "")
    head, parts = _opened(content, dict(entry.draft.headers).get("ce_type", ""), value)
    try:
        event = _EVENTS.validate_json(head)
    except ValidationError as error:
        first = error.errors()[0]
        raise Undecodable(f"expects an event, got {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if isinstance(event, Submitted) and event.run != entry.draft.key:
        raise Undecodable(f"expects the key {event.run}, got {entry.draft.key[:_LONGEST_SHOWN]!r}")
    return Envelope(_located(event, entry.offset, parts), parts, trace_of(entry.draft.headers))


def event_id(run: str, event: Event) -> str:
    """The id of an event: the same however often it is written."""
    match event:
        case Submitted():
            return f"{run}/submitted"
        case Started(task=task) | Result(task=task) | Failed(task=task):
            return f"{run}/{task}/{event.type}"
        case Item(task=task, index=index):
            return f"{run}/{task}/item/{index}"
        case TimerFired(name=name):
            return f"{run}/timer/{name}"
        case Cancel():
            return f"{run}/cancel"


def _written(run: str, event: Event, parts: Mapping[str, Part]) -> tuple[str, bytes]:
    match event:
        case Submitted(plan=plan):
            return PROTOBUF, request(plan, run, event.model_dump_json(), parts)
        case Result(task=task) | Item(task=task):
            return PROTOBUF, response(task.segment, f"{run}/{task}", event.model_dump_json(), parts)
        case _:
            return JSON, event.model_dump_json().encode()


def _opened(content: str, type_: str, value: bytes) -> tuple[str | bytes, Mapping[str, Part]]:
    if content == JSON:
        return value, _NO_PARTS
    if content == PROTOBUF:
        return read_request(value) if type_ == "dev.headrace.submitted.v1" else read_response(value)
    raise Undecodable(f"expects the content type {PROTOBUF} or {JSON}, got {content[:_LONGEST_SHOWN]!r}")


def _located(event: Event, offset: int, parts: Mapping[str, Part]) -> Event:
    """The event with its place in the inbox filled into the payloads that it holds itself."""
    if isinstance(event, Submitted):
        return event.model_copy(update={"inputs": _placed(event.inputs, offset, parts)})
    if isinstance(event, Result | Item):
        return event.model_copy(update={"outputs": _placed(event.outputs, offset, parts)})
    return event


def _placed(payloads: Mapping[str, Payload], offset: int, parts: Mapping[str, Part]) -> dict[str, Payload]:
    return {name: _place(payload, offset, parts) for name, payload in payloads.items()}


def _place(payload: Payload, offset: int, parts: Mapping[str, Part]) -> Payload:
    if payload.key:
        return payload
    if (part := parts.get(payload.part)) is None or part.items != payload.items:
        got = "none" if part is None else str(part.items)
        raise Undecodable(f"expects {payload.items} items in the part {payload.part!r}, got {got}")
    return payload.model_copy(update={"offset": offset})
