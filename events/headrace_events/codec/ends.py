"""Outcomes, ended runs, cancellations and dead records, as records of the log."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import ValidationError

from headrace_dags.record import Record
from headrace_events.codec.headers import JSON, NO_TRACE, Trace, Undecodable, headers
from headrace_events.engine.events import Outcome
from headrace_events.log.contract import Draft, Entry

R = TypeVar("R", bound=Record)

_LONGEST_REASON = 500


class EndedRun(Record):
    """A run that has ended, as long as a repeated submit is known for one.

    Attributes:
        status: how.
        offset: where its outcome lies in the home partition of ``outcomes``.
    """

    format: Literal["ended/1"] = "ended/1"
    status: str
    offset: int


class Stop(Record):
    """Whoever executes tasks of a run, or of one of its segments, need not go on."""

    format: Literal["stop/1"] = "stop/1"
    run: str
    segment: str = ""


def outcome(topic: str, partition: int, found: Outcome, trace: Trace = NO_TRACE) -> Draft:
    """The record of how a run ended."""
    value = found.model_dump_json().encode()
    return Draft(topic, partition, found.run, value, headers("outcome", f"{found.run}/outcome", found.run, JSON, trace))


def ended(topic: str, partition: int, run: str, found: EndedRun) -> Draft:
    """The record of a run that has ended."""
    return Draft(topic, partition, run, found.model_dump_json().encode())


def stop(topic: str, found: Stop) -> Draft:
    """The record of a cancellation."""
    event_id = f"{found.run}/stop/{found.segment}"
    return Draft(topic, 0, found.run, found.model_dump_json().encode(), headers("stop", event_id, found.run, JSON))


def dead(topic: str, entry: Entry, reason: str) -> Draft:
    """The record of what could not be handled: as it was, with the place where it lies and the reason."""
    of = entry.draft
    where = (
        ("headrace_from", f"{of.topic}/{of.partition}/{entry.offset}"),
        ("headrace_reason", reason[:_LONGEST_REASON]),
    )
    return Draft(topic, 0, of.key, of.value, (*of.headers, *where))


def read(entry: Entry, kind: type[R]) -> R:
    """A record that holds one value as JSON.

    Raises:
        Undecodable: it holds another.
    """
    try:
        return kind.model_validate_json(entry.draft.value or b"")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Undecodable(f"expects {kind.__name__}, got {where}: {first['msg']}") from None
