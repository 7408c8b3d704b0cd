"""One run's way into the log and out of it: events with the payloads they hold, their places filled in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace_events.engine.envelope import Envelope, located
from headrace_events.engine.events import Event, Payload
from headrace_events.log.contract import Draft, Entry, Log, Topic

INBOX = "inbox"
_NO_PARTS: Mapping[str, bytes] = MappingProxyType({})


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
        return located(event, position.offset)

    async def arrivals(self, offset: int) -> list[Arrival]:
        """The events from ``offset`` on; waits until there is one."""
        return [_arrival(each) for each in await self.log.fetch(INBOX, self.partition, offset, wait_s=math.inf)]

    async def inline(self, payload: Payload) -> bytes:
        """The bytes of a payload that an event holds.

        Raises:
            LookupError: the inbox has no such event, or the event no such part.
        """
        entries = await self.log.fetch(INBOX, self.partition, payload.offset, limit=1)
        if not entries or entries[0].offset != payload.offset:
            raise LookupError(f"the inbox has no event {payload.offset}")
        return Envelope.read(entries[0].draft.value or b"").parts[payload.part]


def _arrival(entry: Entry) -> Arrival:
    envelope = Envelope.read(entry.draft.value or b"")
    placed = Envelope(located(envelope.event, entry.offset), envelope.parts)
    return Arrival(placed, entry.offset, entry.at_s)
