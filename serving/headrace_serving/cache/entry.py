"""A kept result as bytes: a checksum of all that follows, a line that says what it is, the tensors' contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from headrace_dags.plan.model import Segment
from headrace_dags.record import Record
from headrace_serving.raw import from_raw, to_raw
from headrace_serving.tensors import Tensor

FORMAT: Literal["cache-entry/1"] = "cache-entry/1"
_HEX = 64
_END = b"\n"


class Damaged(ValueError):
    """Raised for bytes that are not the result that is looked for; the message says what they are instead."""


class Part(Record):
    """One output: the flow's name, datatype and shape of its tensor, and the bytes of its contents."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    nbytes: int


class Head(Record):
    """What a kept result says of itself: the key it is kept under, its segment for a person, its outputs in order."""

    format: Literal["cache-entry/1"] = FORMAT
    key: str
    segment: str
    outputs: tuple[Part, ...]


def pack(key: str, segment: Segment, outputs: Mapping[str, Tensor]) -> bytes:
    """The result of ``segment`` under ``key`` as bytes."""
    contents = {flow.name: to_raw(outputs[flow.name]) for flow in segment.outputs}
    parts = (
        Part(name=name, datatype=outputs[name].datatype, shape=tuple(outputs[name].array.shape), nbytes=len(data))
        for name, data in contents.items()
    )
    head = Head(key=key, segment=segment.name, outputs=tuple(parts)).model_dump_json().encode()
    body = b"".join((head, _END, *contents.values()))
    return hashlib.sha256(body).hexdigest().encode() + _END + body


def unpack(key: str, segment: Segment, data: bytes) -> dict[str, Tensor]:
    """The outputs that :func:`pack` was given.

    Raises:
        Damaged: the bytes are cut short or changed, or are another result, or one of another release.
    """
    begin = _HEX + len(_END)
    if data[:begin] != hashlib.sha256(memoryview(data)[begin:]).hexdigest().encode() + _END:
        raise Damaged("its checksum is not that of its content")
    end = data.find(_END, begin)
    head, contents = _head(data[begin:end]), memoryview(data)[end + len(_END) :]
    if head.key != key:
        raise Damaged(f"it was kept under {head.key[:12]}")
    expected = [flow.name for flow in segment.outputs]
    if [part.name for part in head.outputs] != expected or sum(part.nbytes for part in head.outputs) != len(contents):
        raise Damaged(f"it holds other outputs than {', '.join(expected)}")
    return dict(_tensors(head, contents))


def _head(line: bytes) -> Head:
    try:
        return Head.model_validate_json(line)
    except ValidationError:
        raise Damaged(f"it is no {FORMAT}") from None


def _tensors(head: Head, contents: memoryview) -> list[tuple[str, Tensor]]:
    found: list[tuple[str, Tensor]] = []
    begin = 0
    for part in head.outputs:
        data = bytes(contents[begin : (begin := begin + part.nbytes)])
        try:
            found.append((part.name, from_raw(part.datatype, part.shape, data)))
        except ValueError as error:
            raise Damaged(f"output {part.name} {error}") from None
    return found
