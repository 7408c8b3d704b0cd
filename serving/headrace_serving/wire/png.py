"""Ragged images as lossless PNG; large ones are put into the store and travel as a reference."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from headrace_dags.graph import PortType
from headrace_serving.objects.contract import ObjectStore, Reference
from headrace_serving.wire.array import Array, dump_npy, load_npy
from headrace_serving.wire.contract import BytesWire, Sink

SPILL_BYTES = 64 << 10
"""Encoded images above this size travel as references."""

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_LEVEL = 1
"""zlib's fastest: a hop on one machine pays for time, not for bytes."""


def png_wire(kind: PortType) -> BytesWire:
    """Images as PNG. What PNG cannot hold (no pixels, more than four channels, other dtypes) goes in the npy format."""
    flat = len(kind.axes) == 2

    def dump(item: Any, sink: Sink) -> bytes:
        return _spilled(*_encoded(np.asarray(item)), sink)

    def load(data: bytes, store: ObjectStore) -> Array:
        return _decoded(_fetched(data, store), flat=flat)

    return BytesWire(dump, load)


def _spilled(data: bytes, media_type: str, sink: Sink) -> bytes:
    if len(data) <= SPILL_BYTES:
        return data
    return sink.put(io.BytesIO(data), media_type).model_dump_json().encode()


def _fetched(data: bytes, store: ObjectStore) -> bytes:
    """The image itself: a PNG begins with 0x89 and an npy with 0x93, a reference with a brace."""
    if not data.startswith(b"{"):
        return data
    with store.open(Reference.model_validate_json(data)) as stream:
        return stream.read()


def _encoded(array: Array) -> tuple[bytes, str]:
    """The encoded image and its media type."""
    from PIL import Image

    mode = _MODES.get(array.shape[2] if array.ndim == 3 else 1)
    if array.dtype != np.uint8 or array.ndim not in {2, 3} or not array.size or not mode:
        return dump_npy(array), "application/x-npy"
    pixels = np.ascontiguousarray(array)
    stream = io.BytesIO()
    size = (array.shape[1], array.shape[0])
    Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1).save(stream, "PNG", compress_level=_LEVEL)
    return stream.getvalue(), "image/png"


def _decoded(data: bytes, *, flat: bool) -> Array:
    from PIL.PngImagePlugin import PngImageFile

    if data.startswith(b"\x93NUMPY"):
        return load_npy(data)
    # Not Image.open: it refuses large images as possible attacks, and these are our own.
    with PngImageFile(io.BytesIO(data)) as image:
        array = np.array(image)
    return array if flat or array.ndim == 3 else array[..., np.newaxis]
