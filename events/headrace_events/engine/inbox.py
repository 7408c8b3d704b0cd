"""One run's way into the log and out of it: events with the payloads they hold, their places filled in.

A record's value is an envelope: four bytes, big-endian, give the length of its head (JSON of the event and of the parts'
names and sizes, in order); behind the head lie the inline payloads as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from headrace_dags.record import Record
from headrace_events.engine.events import Event, Item, Payload, Result, Submitted
from headrace_events.log.contract import Draft, Entry, Log, Topic

INBOX = "inbox"
_NO_PARTS: Mapping[str, bytes] = MappingProxyType({})
_LENGTH_BYTES = 4


class _Head(Record):
    format: Literal["event/1"] = "event/1"
    event: Event
    parts: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event and its inline payloads (encoded tensors) by the part's name."""

    event: Event
    parts: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    def write(self) -> bytes:
        """The bytes of a record's value."""
        sizes = {name: len(data) for name, data in self.parts.items()}
        head = _Head(event=self.event, parts=sizes).model_dump_json().encode()
        return b"".join([len(head).to_bytes(_LENGTH_BYTES), head, *self.parts.values()])

    @staticmethod
    def read(value: bytes) -> Envelope:
        """The envelope that was written as ``value``.

        Raises:
            ValueError: it was not.
        """
        end = _LENGTH_BYTES + int.from_bytes(value[:_LENGTH_BYTES])
        head = _Head.model_validate_json(value[_LENGTH_BYTES:end])
        parts: dict[str, bytes] = {}
        for name, size in head.parts.items():
            parts[name] = value[end : end + size]
            end += size
        if end != len(value):
            raise ValueError(f"an event of {end} bytes lies in a record of {len(value)}")
        return Envelope(head.event, parts)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as the inbox gives it: placed, with the log's time of its append (Unix seconds)."""

    envelope: Envelope
    offset: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Inbox:
    """The partition that all events of a run go to.

    Attributes:
        log: holds it.
        run: the run's id, the key of its events.
        partition: the run's home partition.
    """

    log: Log
    run: str
    partition: int
    _own: dict[int, Envelope] = field(default_factory=dict[int, Envelope], init=False, repr=False)

    async def declare(self) -> None:
        """Make the topic, if it is not there yet."""
        await self.log.declare([Topic(INBOX, partitions=self.partition + 1)])

    async def append(self, event: Event, parts: Mapping[str, bytes] = _NO_PARTS) -> Event:
        """Append an event with the payloads it holds; gives it back with its place filled in.

        Raises:
            Oversize: it is larger than a record may be.
        """
        value = Envelope(event, parts).write()
        position = await self.log.append(Draft(INBOX, self.partition, self.run, value, (("type", event.type),)))
        placed = located(event, position.offset)
        self._own[position.offset] = Envelope(placed, parts)
        return placed

    async def arrivals(self, offset: int) -> list[Arrival]:
        """The events from ``offset`` on; waits until there is one."""
        return [self._arrival(each) for each in await self.log.fetch(INBOX, self.partition, offset, wait_s=math.inf)]

    async def inline(self, payload: Payload) -> bytes:
        """The bytes of a payload that an event holds.

        Raises:
            LookupError: the inbox has no such event, or the event no such part.
        """
        entries = await self.log.fetch(INBOX, self.partition, payload.offset, limit=1)
        if not entries or entries[0].offset != payload.offset:
            raise LookupError(f"the inbox has no event {payload.offset}")
        return Envelope.read(entries[0].draft.value or b"").parts[payload.part]

    def _arrival(self, entry: Entry) -> Arrival:
        """What was appended here is known here: reading it once more took longer than deciding."""
        envelope = self._own.pop(entry.offset, None) or _placed(entry)
        return Arrival(envelope, entry.offset, entry.at_s)


def _placed(entry: Entry) -> Envelope:
    """An event as the log holds it, its place filled in."""
    envelope = Envelope.read(entry.draft.value or b"")
    return Envelope(located(envelope.event, entry.offset), envelope.parts)


def located(event: Event, offset: int) -> Event:
    """The event with its place in the inbox filled into the payloads that it holds itself."""
    if isinstance(event, Submitted):
        return event.model_copy(update={"inputs": _located(event.inputs, offset)})
    if isinstance(event, Result | Item):
        return event.model_copy(update={"outputs": _located(event.outputs, offset)})
    return event


def _located(payloads: Mapping[str, Payload], offset: int) -> dict[str, Payload]:
    return {
        name: payload if payload.key else payload.model_copy(update={"offset": offset})
        for name, payload in payloads.items()
    }
