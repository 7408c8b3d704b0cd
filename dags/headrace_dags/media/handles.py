"""Encoded media as handles: nominal classes over a source of bytes, read only when asked. Decoded media are in ``types``."""

from __future__ import annotations

import mimetypes
import os
import tempfile
import weakref
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO, ClassVar, TypeVar

from headrace_dags.media.signatures import sniff
from headrace_dags.media.sources import FileSource, LocalSource, MemorySource, Source

__all__ = (
    "CLASSES",
    "AudioFile",
    "Blob",
    "FileSource",
    "ImageFile",
    "Jpeg",
    "LocalSource",
    "MemorySource",
    "Mp3",
    "Mp4",
    "Pdf",
    "Png",
    "Source",
    "Video",
    "Wav",
    "class_for",
    "sniff",
)

B = TypeVar("B", bound="Blob")


class Blob:
    """A file of any kind, as a handle: passed on by reference and read only when asked.

    Two handles are equal only when they are the same handle.

    Args:
        source: the bytes themselves, the path of a file, or any source.

    Attributes:
        media_type: what the class stands for; a pattern such as ``image/*`` where it stands for several.
        source: where the bytes are; ``source.media_type`` is what this very handle holds.

    Raises:
        TypeError: ``source`` is something else.
        ValueError: ``source`` is empty.
    """

    __module__ = "headrace"
    media_type: ClassVar[str] = "*/*"

    def __init__(self, source: bytes | Path | Source) -> None:
        self.source: Source = _source(type(self), source)
        self._copy: Path | None = None

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return self.source.size

    def read(self) -> bytes:
        """All the bytes; a large medium is better read in pieces from :meth:`open`."""
        with self.source.open() as stream:
            return stream.read()

    def open(self) -> BinaryIO:
        """A fresh, seekable stream at its beginning; the caller closes it."""
        return self.source.open()

    def path(self) -> Path:
        """A file with the content, for libraries that want a path. Not to be written, and gone once the handle is.

        A file gives its own path; anything else is copied into a temporary file once.
        """
        if isinstance(self.source, LocalSource):
            return self.source.path
        if self._copy is None:
            self._copy = _copy(self.source)
            weakref.finalize(self, self._copy.unlink, missing_ok=True)
        return self._copy

    def __repr__(self) -> str:
        name = type(self).__name__
        try:
            size = f"{self.size:,} bytes"
            kind = type(self).media_type if "*" not in type(self).media_type else self.source.media_type
        except OSError as error:
            return f"<{name}: {error.strerror or error}: {error.filename}>"
        return f"<{name} {kind}, {size}>"


class ImageFile(Blob):
    """An encoded image of any format."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "image/*"


class Jpeg(ImageFile):
    """A JPEG image."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "image/jpeg"


class Png(ImageFile):
    """A PNG image."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "image/png"


class AudioFile(Blob):
    """Encoded sound of any format."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "audio/*"


class Wav(AudioFile):
    """Sound as a RIFF WAVE file."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "audio/wav"


class Mp3(AudioFile):
    """Sound as MPEG audio."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "audio/mpeg"


class Video(Blob):
    """A video of any format."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "video/*"


class Mp4(Video):
    """An MP4 video."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "video/mp4"


class Pdf(Blob):
    """A PDF document."""

    __module__ = "headrace"
    media_type: ClassVar[str] = "application/pdf"


CLASSES: tuple[type[Blob], ...] = (Jpeg, Png, Wav, Mp3, Mp4, Pdf, ImageFile, AudioFile, Video, Blob)
"""The classes that ship, the more specific ones first."""


def class_for(media_type: str, expected: type[B]) -> type[B]:
    """The most specific class for ``media_type`` that still is an ``expected``; ``expected`` itself where none is."""
    fitting = (kind for kind in CLASSES if issubclass(kind, expected) and fnmatchcase(media_type, kind.media_type))
    return next(fitting, expected)


def _source(kind: type[Blob], given: Any) -> Source:
    """``given`` as a source; teaches where it cannot be one."""
    declared = "" if "*" in kind.media_type else kind.media_type
    if isinstance(given, bytes):
        if not given:
            raise ValueError(
                f"hr.{kind.__name__} expects at least one byte, got none. Read the medium before you wrap it."
            )
        return MemorySource(given, declared)
    if isinstance(given, Path):
        return FileSource(given, declared)
    if all(hasattr(given, name) for name in ("open", "size", "media_type", "digest")) and not isinstance(given, Blob):
        source: Source = given
        return source
    raise TypeError(_lesson(kind.__name__, given))


def _lesson(name: str, given: Any) -> str:
    """What to write instead of ``hr.<name>(given)``."""
    advice = f"pass bytes or a pathlib.Path to hr.{name}"
    if isinstance(given, str):
        advice = f"write hr.{name}(Path({given[:80]!r})) for a file, hr.{name}(text.encode()) for text"
    elif isinstance(given, bytearray | memoryview):
        advice = f"write hr.{name}(bytes(data))"
    elif isinstance(given, Blob):
        advice = f"write hr.{name}(handle.source)"
    elif hasattr(given, "read"):
        advice = f"write hr.{name}(stream.read()), or hr.{name}(Path(...)) so that it is not read before it is needed"
    elif hasattr(given, "__array__"):
        advice = "encode the array first, or declare the port as hr.Image or hr.Audio and return the array itself"
    return f"hr.{name} expects bytes, a pathlib.Path or a Source, got {type(given).__name__}. {advice[0].upper()}{advice[1:]}."


def _copy(source: Source) -> Path:
    """A temporary file with the content, named with the suffix of its media type (some libraries go by it)."""
    handle, name = tempfile.mkstemp(prefix="headrace-", suffix=mimetypes.guess_extension(source.media_type) or "")
    with os.fdopen(handle, "wb") as target, source.open() as stream:
        copyfileobj(stream, target)
    return Path(name)
