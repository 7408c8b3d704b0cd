"""What an object store does, whatever holds the bytes. Objects are named by content and never overwritten."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from headrace_dags.media.handles import Source
from headrace_dags.record import Record


class Reference(Record):
    """A claim check: which object, and what is in it.

    Attributes:
        key: ``<tenant>/<run>/<sha256>``, relative to the store's root.
        sha256: hex digest of the content.
        size: bytes.
        media_type: e.g. ``video/mp4``.
    """

    key: str
    sha256: str
    size: int
    media_type: str


class ObjectStore(Protocol):
    """Puts and opens objects. Constant memory whatever the size of an object."""

    def put(self, prefix: str, data: BinaryIO, media_type: str) -> Reference:
        """Store a stream under ``<prefix>/<sha256>``, if absent.

        Args:
            prefix: ``<tenant>/<run>``.
            data: read to its end, in pieces.
            media_type: kept in the reference.

        Raises:
            EnvironmentLack: the store is full or cannot be written.
        """
        ...

    def open(self, reference: Reference) -> BinaryIO:
        """A seekable stream over the object.

        Raises:
            FileNotFoundError: no such object.
            ValueError: the key leaves the store's root.
        """
        ...

    def source(self, reference: Reference) -> Source:
        """The object as the source of a media handle; a file store gives its path without a copy."""
        ...
