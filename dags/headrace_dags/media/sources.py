"""Where the bytes of a media handle are: in memory or in a file. Other rooms bring sources of their own. Nothing is kept open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from headrace_dags.media.signatures import HEAD_BYTES, UNKNOWN, sniff


class Source(Protocol):
    """Bytes that are read when somebody asks. Every property is computed on first use."""

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        ...

    @property
    def media_type(self) -> str:
        """The media type of the content, e.g. ``video/mp4``; ``application/octet-stream`` where nobody knows."""
        ...

    def open(self) -> BinaryIO:
        """A fresh, seekable stream at its beginning; the caller closes it."""
        ...

    def digest(self) -> str:
        """Hex SHA-256 of the content."""
        ...


@runtime_checkable
class LocalSource(Protocol):
    """A source that lies in a file of this machine, so that nobody has to copy it to get a path."""

    @property
    def path(self) -> Path:
        """The file; never to be written."""
        ...


class MemorySource:
    """Bytes in memory.

    Args:
        data: the content.
        media_type: what it is; empty: told from its first bytes.
    """

    def __init__(self, data: bytes, media_type: str = "") -> None:
        self.data = data
        self._declared = media_type

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return len(self.data)

    @property
    def media_type(self) -> str:
        """The declared media type, or what the first bytes tell."""
        return self._declared or sniff(self.data[:HEAD_BYTES]) or UNKNOWN

    def open(self) -> BinaryIO:
        """A stream over the bytes; they are not copied."""
        return BytesIO(self.data)

    def digest(self) -> str:
        """Hex SHA-256 of the content."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class FileSource:
    """A file of this machine, which must not change while the handle lives.

    Attributes:
        path: the file; it need not exist before something is asked of it.
        declared: its media type; empty: told from its first bytes.
    """

    path: Path
    declared: str = ""

    @property
    def size(self) -> int:
        """How many bytes the file holds.

        Raises:
            FileNotFoundError: there is no such file.
        """
        return self.path.stat().st_size

    @property
    def media_type(self) -> str:
        """The declared media type, or what the first bytes tell."""
        return self.declared or self._sniffed

    @cached_property
    def _sniffed(self) -> str:
        with self.open() as stream:
            return sniff(stream.read(HEAD_BYTES)) or UNKNOWN

    def open(self) -> BinaryIO:
        """The file, opened for reading.

        Raises:
            OSError: it is not there or may not be read.
        """
        return self.path.open("rb")

    def digest(self) -> str:
        """Hex SHA-256 of the content, computed once, in constant memory."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
