"""Media and decoded types as a user writes them: both checkers accept every line."""

from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias, assert_type

import numpy as np

from headrace_dags.layout import Layout
from headrace_dags.media.handles import Blob, ImageFile, Jpeg, MemorySource, Video, class_for
from headrace_dags.ports.types import Audio, Batch, Embedding, Image, Many, Text

Vector: TypeAlias = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], Layout("embedding", "d=384")]
Pixels: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


def shapes(pictures: Many[Image]) -> Batch[Text]:
    assert_type(pictures, list[Pixels])
    return [str(picture.shape) for picture in pictures]


def embed(sound: Audio) -> Embedding:
    return np.asarray(sound, np.float32)


def fixed(vector: Vector) -> Embedding:
    return vector


def widen(picture: Jpeg) -> ImageFile:
    return picture


def read(handle: Blob) -> bytes:
    assert_type(handle.open(), BinaryIO)
    assert_type(handle.path(), Path)
    return handle.read()


assert_type(class_for("video/mp4", Video), type[Video])
Video(Path("talk.mp4"))
Video(b"bytes")
Video(MemorySource(b"bytes", "video/webm"))
