"""Objects as files under one root: written once through a temporary file, never overwritten, in constant memory."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from headrace_dags.media.sources import Source
from headrace_serving.disk import writing
from headrace_serving.objects.contract import Reference

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class ObjectSource:
    """An object of a file store as the source of a media handle: its own file, never copied.

    Attributes:
        path: the file; never to be written.
        reference: the claim check it was opened by.
    """

    path: Path
    reference: Reference

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return self.reference.size

    @property
    def media_type(self) -> str:
        """The media type it was stored with."""
        return self.reference.media_type

    def open(self) -> BinaryIO:
        """A fresh, seekable stream at its beginning.

        Raises:
            FileNotFoundError: the object is gone.
        """
        return self.path.open("rb")

    def digest(self) -> str:
        """Hex SHA-256 of the content; known, not computed."""
        return self.reference.sha256


class FileStore:
    """An :class:`~headrace_serving.objects.contract.ObjectStore` in a folder. Several processes may share it.

    Args:
        root: the folder; made with the first object.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, prefix: str, data: BinaryIO, media_type: str) -> Reference:
        """Store a stream under ``<prefix>/<sha256>``, if absent.

        Raises:
            EnvironmentLack: the disk is full (code ``disk-full``) or the folder cannot be written (``disk-refused``).
            ValueError: the prefix leaves the store's root.
        """
        folder = self._path(prefix)
        with writing(self.root, "the object store"):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{uuid.uuid4().hex}.part"
            try:
                sha256, size = _write(part, data)
                _settle(part, folder / sha256, size)
            except BaseException:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise
        return Reference(key=f"{prefix}/{sha256}", sha256=sha256, size=size, media_type=media_type)

    def open(self, reference: Reference) -> BinaryIO:
        """A seekable stream over the object.

        Raises:
            FileNotFoundError: no such object.
            ValueError: the key leaves the store's root.
        """
        return self._path(reference.key).open("rb")

    def source(self, reference: Reference) -> Source:
        """The object as the source of a media handle; nothing is opened or copied.

        Raises:
            ValueError: the key leaves the store's root.
        """
        return ObjectSource(self._path(reference.key), reference)

    def path(self, reference: Reference) -> Path:
        """The file of the object; never to be written.

        Raises:
            ValueError: the key leaves the store's root.
        """
        return self._path(reference.key)

    def adopt(self, prefix: str, file: Path, reference: Reference) -> Reference:
        """Make a file an object under ``prefix``, without a copy where the disk can link.

        Args:
            prefix: ``<tenant>/<run>``.
            file: on this disk, with the content of ``reference``; may be removed afterwards, and is never written.
            reference: the object, wherever it was.

        Raises:
            EnvironmentLack: the disk is full (code ``disk-full``) or the folder cannot be written (``disk-refused``).
            FileNotFoundError: there is no such file.
            ValueError: the prefix leaves the store's root.
        """
        folder = self._path(prefix)
        with writing(self.root, "the object store"):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{uuid.uuid4().hex}.part"
            try:
                link(file, part)
                _settle(part, folder / reference.sha256, reference.size)
            finally:
                part.unlink(missing_ok=True)
        return reference.model_copy(update={"key": f"{prefix}/{reference.sha256}"})

    def _path(self, key: str) -> Path:
        """Where ``key`` lies, links followed."""
        parts = PurePosixPath(key).parts
        path = self.root.joinpath(*parts)
        plain = bool(parts) and key == "/".join(parts) and ".." not in parts and "\0" not in key
        if not plain or not path.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"an object's key is <tenant>/<run>/<sha256> below the store's root, got {key!r}")
        return path


def link(file: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system has no such thing."""
    try:
        os.link(file, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(file, target)


def _settle(part: Path, target: Path, size: int) -> None:
    """Give the finished file its name; equal content under that name stays as it is (and a race for it is harmless).

    What a machine that lost power has left there may be cut short, and is replaced.
    """
    if target.exists() and target.stat().st_size == size:
        part.unlink()
    else:
        part.replace(target)


def _write(part: Path, data: BinaryIO) -> tuple[str, int]:
    """Copy ``data`` to a new file; its hex SHA-256 and size."""
    sha256, size = hashlib.sha256(), 0
    buffer = memoryview(bytearray(_PIECE_BYTES))
    with part.open("xb", buffering=0) as target:
        while count := _fill(data, buffer):
            sha256.update(buffer[:count])
            size += count
            _write_all(target.fileno(), buffer[:count])
    return sha256.hexdigest(), size


def _fill(data: BinaryIO, buffer: memoryview) -> int:
    """Read the next piece; streams that cannot read into a buffer are read plainly."""
    readinto = getattr(data, "readinto", None)
    if readinto is not None:
        return int(readinto(buffer) or 0)
    piece = data.read(len(buffer))
    buffer[: len(piece)] = piece
    return len(piece)


def _write_all(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]
