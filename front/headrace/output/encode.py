"""One item of a value as the files it is saved in: name endings, media types and contents."""

from __future__ import annotations

import io
import json
import mimetypes
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace_dags.graph import PortType
from headrace_dags.media.handles import Blob

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_ENDINGS = {"audio/wav": ".wav", "audio/mpeg": ".mp3", "image/jpeg": ".jpg", "video/quicktime": ".mov"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, slots=True)
class Content:
    """A file to write.

    Attributes:
        ending: its extension, with the dot.
        media_type: what it holds.
        data: the bytes, or the handle they are copied from.
    """

    ending: str
    media_type: str
    data: bytes | Blob


def contents(kind: PortType, item: Any) -> Iterator[Content]:
    """The files of one item: what a person opens first, then what a program wants. One that is missing has none but JSON's null."""
    if item is None:
        if kind.kind == "json":
            yield Content(".json", "application/json", b"null\n")
    elif isinstance(item, Blob):
        media_type = item.source.media_type
        yield Content(ending(media_type), media_type, item)
    elif kind.is_array:
        yield from _array(kind, item)
    elif kind.kind == "text":
        yield Content(".txt", "text/plain; charset=utf-8", str(item).encode())
    else:
        text = json.dumps(item, ensure_ascii=False, indent=2)
        yield Content(".json", "application/json", f"{text}\n".encode())


def ending(media_type: str) -> str:
    """The usual extension of a media type."""
    return _ENDINGS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def is_picture(kind: PortType, array: Array) -> bool:
    """Whether an array can be shown as an image."""
    channels = array.shape[2] if array.ndim == 3 else 1
    return kind.kind == "image" and array.dtype == "uint8" and array.size > 0 and channels in _MODES


def is_sound(kind: PortType, array: Array) -> bool:
    """Whether an array can be heard."""
    return kind.kind == "audio" and array.ndim == 1 and array.dtype.kind == "f" and kind.rate > 0


def png(array: Array) -> bytes:
    """An image of uint8 as PNG."""
    from PIL import Image

    mode = _MODES[array.shape[2] if array.ndim == 3 else 1]
    size = (array.shape[1], array.shape[0])
    stream = io.BytesIO()
    Image.frombytes(mode, size, array.tobytes()).save(stream, "PNG")
    return stream.getvalue()


def wav(array: Array, rate: int) -> bytes:
    """Samples from -1 to 1 as a WAV of 16 bits."""
    import numpy as np

    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.nan_to_num(array).clip(-1, 1) * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def npy(array: Array) -> bytes:
    """An array in numpy's format."""
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array(kind: PortType, array: Array) -> Iterator[Content]:
    if is_picture(kind, array):
        yield Content(".png", "image/png", png(array))
    elif is_sound(kind, array):
        yield Content(".wav", "audio/wav", wav(array, kind.rate))
    yield Content(".npy", "application/x-npy", npy(array))
