"""An event as the inbox carries it: its JSON, and behind it the inline payloads as they are.

Four bytes, big-endian, give the length of the head: JSON of the event and of the parts' names and sizes, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from headrace_dags.record import Record
from headrace_events.engine.events import Event, Payload, Result, Submitted

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


def located(event: Event, offset: int) -> Event:
    """The event with its place in the inbox filled into the payloads that it holds itself."""
    if isinstance(event, Submitted):
        return event.model_copy(update={"inputs": _located(event.inputs, offset)})
    if isinstance(event, Result):
        return event.model_copy(update={"outputs": _located(event.outputs, offset)})
    return event


def _located(payloads: Mapping[str, Payload], offset: int) -> dict[str, Payload]:
    return {
        name: payload if payload.key else payload.model_copy(update={"offset": offset})
        for name, payload in payloads.items()
    }
