"""Text and JSON values, given as they are or in a file."""

from __future__ import annotations

import json
from typing import Any

from headrace.door.files import existing, is_file
from headrace.door.unfit import Unfit
from headrace_dags.graph import Port
from headrace_dags.ports.values import ValueMisfit, from_json_bytes


def words(port: Port, text: str) -> str:
    """Text: as given, or the file after ``@``; ``@@`` is a text that begins with ``@``.

    Raises:
        Unfit: the file is not there or not UTF-8.
    """
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        return content(port, text[1:])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unfit("input-text", f"expects {port.type} in UTF-8", f"other bytes at place {error.start}") from None
    return text


def value(port: Port, annotation: Any, text: str) -> Any:
    """A JSON value, validated; a word that is no JSON is taken as a string, so that an Enum needs no quotes.

    Raises:
        Unfit: it is not what the port declares.
    """
    given = words(port, text)
    data = given if _is_json(given) else json.dumps(given)
    try:
        return from_json_bytes(annotation, data.encode())
    except ValueMisfit as misfit:
        write = f"Write --input {port.name}=@{text}" if is_file(text) else misfit.write
        raise Unfit("input-value", f"expects {misfit.expected}", misfit.got, write) from None


def content(port: Port, name: str) -> str:
    """The text of a file.

    Raises:
        Unfit: the file is not there or not UTF-8.
    """
    path = existing(port, name)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        got = f"{path.name}, which is not UTF-8 (byte {error.start})"
        raise Unfit("input-text", f"expects {port.type} in UTF-8", got) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
