"""Data of a run inside the page while they are small, as links to its objects where they are not."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

from headrace_dags.media.handles import Blob
from headrace_dags.media.sources import LocalSource

_EACH_BYTES = 2_000_000
_ALL_BYTES = 24_000_000


class Budget:
    """How much a page may still hold.

    Args:
        folder: where the page will lie; links are relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left_bytes = _ALL_BYTES

    def data(self, content: bytes, media_type: str) -> str:
        """A ``data:`` URL, or nothing where it does not fit."""
        if len(content) > min(_EACH_BYTES, self._left_bytes):
            return ""
        self._left_bytes -= len(content)
        return f"data:{media_type};base64,{b64encode(content).decode()}"

    def handle(self, blob: Blob) -> str:
        """A ``data:`` URL of a small medium, a relative link to a larger one."""
        if blob.size <= min(_EACH_BYTES, self._left_bytes):
            return self.data(blob.read(), blob.source.media_type)
        return self.link(blob)

    def link(self, blob: Blob) -> str:
        """A link to the medium's file, from the page's folder; nothing where it lies in no file."""
        if not isinstance(blob.source, LocalSource):
            return ""
        return Path(os.path.relpath(blob.source.path, self._folder)).as_posix()
