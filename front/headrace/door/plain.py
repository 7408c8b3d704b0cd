"""Text and JSON values, given as they are or in a file."""

from __future__ import annotations

import json
from typing import Any

from headrace.door.files import existing, is_file
from headrace.door.unfit import Unfit
from headrace_dags.graph import Port
from headrace_dags.values import ValueMisfit, from_json_bytes


def words(port: Port, text: str) -> str:
    """Text: as given, or the file after ``@``; ``@@`` is a text that begins with ``@``.

    Raises:
        Unfit: the file is not there or not UTF-8.
    """
    if text.startswith("@@"):
        return text[1:]
    return _content(port, text[1:]) if text.startswith("@") else text


def value(port: Port, annotation: Any, text: str) -> Any:
    """A JSON value, validated; a word that is no JSON is taken as a string, so that an Enum needs no quotes.

    Raises:
        Unfit: it is not what the port declares.
    """
    content = words(port, text)
    data = content if _is_json(content) else json.dumps(content)
    try:
        return from_json_bytes(annotation, data.encode())
    except ValueMisfit as misfit:
        write = f"Write --input {port.name}=@{text}" if is_file(text) else misfit.write
        raise Unfit("input-value", f"expects {misfit.expected}", misfit.got, write) from None


def _content(port: Port, text: str) -> str:
    path = existing(text, str(port.type))
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        got = f"{path.name}, which is not UTF-8 (byte {error.start})"
        raise Unfit("input-text", f"expects {port.type} in UTF-8", got) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
