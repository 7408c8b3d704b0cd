"""A failure as one line of text, and found again in whatever was wrapped around it: gRPC messages, ensembles, log lines."""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import Any

from pydantic import ValidationError

from headrace_serving.failure import TaskFailure

MARK = "#headrace-failure "
"""Begins the text of a failure."""

LIMIT = 3_500
"""Most characters of the text: gRPC peers refuse messages of errors above 8 KiB."""

_CUT = "... "


def to_text(failure: TaskFailure) -> str:
    """The failure as the mark and compact JSON in ASCII, at most :data:`LIMIT` characters.

    What is too long loses the oldest frames of its traceback, then the end of its message.
    """
    for field in ("traceback", "message", "location"):
        if len(_dump(failure)) > LIMIT:
            failure = _shortened(failure, field)
    return _dump(failure)


def from_text(text: str) -> TaskFailure | None:
    """The first failure that ``text`` holds, or ``None``."""
    position = text.find(MARK)
    while position >= 0:
        failure = _parsed(text[position + len(MARK) :])
        if failure:
            return failure
        position = text.find(MARK, position + 1)
    return None


def _dump(failure: TaskFailure) -> str:
    return MARK + json.dumps(failure.model_dump(exclude_defaults=True), separators=(",", ":"))


def _shortened(failure: TaskFailure, field: str) -> TaskFailure:
    """The failure with as much of ``field`` as fits: the end of a traceback, the begin of others."""
    value = getattr(failure, field)

    def kept(count: int) -> TaskFailure:
        part = _CUT + value[len(value) - count :] if field == "traceback" else value[:count] + _CUT
        return failure.model_copy(update={field: part if count else ""})

    fitting = bisect_left(range(len(value)), True, key=lambda count: len(_dump(kept(count))) > LIMIT)
    return kept(max(fitting - 1, 0))


def _parsed(text: str) -> TaskFailure | None:
    """The failure at the begin of ``text``, as it is or escaped as in the server's log."""
    for form in (_plain, _escaped):
        try:
            return TaskFailure.model_validate(form(text))
        except (ValueError, ValidationError):
            continue
    return None


def _plain(text: str) -> Any:
    return json.JSONDecoder().raw_decode(text)[0]


def _escaped(text: str) -> Any:
    return _plain(json.JSONDecoder(strict=False).raw_decode(f'"{text}')[0])
