"""The attributes of our own records as CloudEvents 1.0 in the binary mode of the Kafka binding. Strangers' are in ``doors``."""

from __future__ import annotations

SOURCE = "/headrace"
JSON = "application/json"
PROTOBUF = "application/x-protobuf"
"""A message of the Open Inference Protocol v2."""

Headers = tuple[tuple[str, str], ...]
Trace = tuple[str, str]
"""W3C ``traceparent`` and ``tracestate``; empty where there is none."""

NO_TRACE: Trace = ("", "")


class Undecodable(ValueError):
    """Raised for a record that is no event of ours: it says what was expected and what came."""


def headers(type_: str, event_id: str, subject: str, content: str, trace: Trace = NO_TRACE) -> Headers:
    """The headers of a record.

    Args:
        type_: what happened; ``dev.headrace.`` goes before it, the version behind it.
        event_id: the same for the same event, however often it is written.
        subject: the run.
        content: media type of the value.
        trace: of whoever began this.
    """
    found = (
        ("ce_specversion", "1.0"),
        ("ce_type", f"dev.headrace.{type_}.v1"),
        ("ce_source", SOURCE),
        ("ce_id", event_id),
        ("ce_subject", subject),
        ("content-type", content),
    )
    if not trace[0]:
        return found
    return (*found, ("ce_traceparent", trace[0]), *((("ce_tracestate", trace[1]),) if trace[1] else ()))


def trace_of(found: Headers) -> Trace:
    """The trace that a record belongs to."""
    by_name = dict(found)
    return by_name.get("ce_traceparent", ""), by_name.get("ce_tracestate", "")
