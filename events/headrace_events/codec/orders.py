"""Tasks as they are ordered of a worker, as records of a segment's topic, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from pydantic import ValidationError

from headrace_dags.record import Record
from headrace_events.codec.headers import NO_TRACE, PROTOBUF, Trace, Undecodable, headers, trace_of
from headrace_events.codec.message import read_request, request
from headrace_events.codec.parts import Part
from headrace_events.engine.events import Payload, TaskKey
from headrace_events.log.contract import Draft, Entry


class Claim(Record):
    """Some items of an object: from ``start`` up to ``stop``."""

    payload: Payload
    start: int
    stop: int


class OrderHead(Record):
    """What an order says beside the tensors that it holds.

    Attributes:
        run: whose task it is.
        partition: the run's home partition: where the result goes.
        plan: digest of the plan.
        tenant: whose prefix of the object store is used.
        task: which task, and attempt.
        timeout_s: start-to-finish limit.
        expires_s: when the run has no use for it any more, in the log's time (Unix seconds).
        inputs: for each input flow its pieces, in order: an object's items, or the name of a tensor that the order holds.
        have: of a stream: the items that are there already.
    """

    format: Literal["task/1"] = "task/1"
    run: str
    partition: int
    plan: str
    tenant: str
    task: TaskKey
    timeout_s: float | None = None
    expires_s: float | None = None
    inputs: dict[str, tuple[Claim | str, ...]] = {}
    have: tuple[Claim | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A task and what it works on.

    Attributes:
        head: all but the tensors.
        parts: the tensors that the order holds, by name.
        trace: what the run belongs to.
    """

    head: OrderHead
    parts: Mapping[str, Part] = field(default_factory=lambda: MappingProxyType({}))
    trace: Trace = NO_TRACE

    @property
    def id(self) -> str:
        """The same however often the task is ordered."""
        return f"{self.head.run}/{self.head.task}"

    def draft(self, topic: str, partition: int) -> Draft:
        """The record of the order; it has no key, since whoever orders picks the partition."""
        value = request(self.head.task.segment, self.id, self.head.model_dump_json(), self.parts)
        return Draft(topic, partition, "", value, headers("task", self.id, self.head.run, PROTOBUF, self.trace))

    @staticmethod
    def read(entry: Entry) -> Order:
        """The order of a record.

        Raises:
            Undecodable: it is none.
        """
        text, parts = read_request(entry.draft.value or b"")
        try:
            head = OrderHead.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            raise Undecodable(f"expects an order, got {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        pieces = (*head.have, *(piece for some in head.inputs.values() for piece in some))
        named = {piece for piece in pieces if isinstance(piece, str)}
        if missing := named - set(parts):
            raise Undecodable(f"expects the tensors that the order names, got none for {sorted(missing)}")
        return Order(head, parts, trace_of(entry.draft.headers))
