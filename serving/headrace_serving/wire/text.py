"""Text as UTF-8 and values as JSON."""

from __future__ import annotations

from typing import Any

from headrace_dags.ports.describe import described
from headrace_dags.ports.values import ValueMisfit, from_json_bytes, to_json_bytes
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.wire.contract import BytesWire, Sink


def text_wire() -> BytesWire:
    """``str`` as UTF-8."""
    return BytesWire(_dump_text, _load_text)


def json_wire(annotation: Any) -> BytesWire:
    """Values of ``annotation`` (a pydantic model, a dataclass, ``list[int]``, ...) as JSON in UTF-8."""

    def dump(item: Any, _sink: Sink) -> bytes:
        return to_json_bytes(annotation, item)

    def load(data: bytes, _store: ObjectStore) -> Any:
        return from_json_bytes(annotation, data)

    return BytesWire(dump, load)


def _dump_text(item: Any, _sink: Sink) -> bytes:
    try:
        return str.encode(item)
    except (TypeError, UnicodeEncodeError) as error:
        raise ValueMisfit("text that UTF-8 can hold", f"{described(item)} ({error})") from error


def _load_text(data: bytes, _store: ObjectStore) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueMisfit("text in UTF-8", f"other bytes ({error})") from error
