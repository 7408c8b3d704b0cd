"""Results in a folder of their own beside the runs' objects: a folder each, made whole by one rename, media linked into it.

``<objects>/cache/<tenant>/<two digits>/<key>/`` holds ``result`` and, under their digests, the media that it refers to. Runs
take those as objects of their own, so that neither ``clean`` nor eviction takes anything from the other.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from headrace_dags.errors import EnvironmentLack
from headrace_dags.plan.model import Segment
from headrace_serving.cache.entry import Damaged, pack, unpack
from headrace_serving.cache.limits import Limits
from headrace_serving.cache.references import moved, references
from headrace_serving.cache.sweep import RESULT, cache_folder, discard, is_due, sweep
from headrace_serving.objects.contract import Reference
from headrace_serving.objects.file import FileStore, link
from headrace_serving.tensors import Tensor

_SWEEPS = 8
"""A sweep follows whenever this part of the room has been written since the last one."""


class ResultStore:
    """Keeps results by key. Several processes may share it; whatever goes wrong with it costs a result, and no run.

    Args:
        objects: the runs' object store.
        tenant: whose results.
        limits: what they may take.
        note: is told, in a line, of results that cannot be read or written; may be called from any thread.
    """

    def __init__(self, objects: FileStore, tenant: str, limits: Limits, note: Callable[[str], None]) -> None:
        self._objects = objects
        self._root = cache_folder(objects.root) / tenant
        self._limits = limits
        self._note = note
        self._refused = False
        self._written_bytes = 0

    def get(self, key: str, segment: Segment, prefix: str) -> Mapping[str, Tensor] | None:
        """The result of ``segment`` under ``key``, its media as objects under ``prefix``; ``None`` where there is none.

        One that is damaged is told of, and thrown away.
        """
        folder = self._folder(key)
        try:
            found = self._read(folder, key, segment, prefix)
        except (Damaged, FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            if folder.exists():  # else nobody kept it, or somebody has removed it just now
                why = error if isinstance(error, Damaged) else "it is none of ours"
                self._note(f"a kept result of {segment.name} is no good: {why}; it is made again")
                discard(folder)
            return None
        except (OSError, EnvironmentLack) as error:
            self._refuse(error)
            return None
        with suppress(OSError):
            os.utime(folder / RESULT)
        return found

    def put(self, key: str, segment: Segment, outputs: Mapping[str, Tensor]) -> None:
        """Keep a result, unless one is there: it is there whole or not at all."""
        if (folder := self._folder(key)).exists():
            return
        part = self._root / f".{uuid.uuid4().hex}.part"
        try:
            self._write(part, key, segment, outputs)
            folder.parent.mkdir(parents=True, exist_ok=True)
            _settle(part, folder)
        except OSError as error:
            self._refuse(error)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        if self._written_bytes * _SWEEPS > self._limits.size_bytes:
            self.sweep()

    def close(self) -> None:
        """Sweep at the end of a run, where it kept something or nobody has swept for long."""
        if self._written_bytes or is_due(self._root, time.time()):
            self.sweep()

    def sweep(self) -> None:
        """Remove what is too old or too much, and what writers that were killed left behind."""
        self._written_bytes = 0
        sweep(self._root, self._limits, time.time())

    def _folder(self, key: str) -> Path:
        return self._root / key[:2] / key

    def _read(self, folder: Path, key: str, segment: Segment, prefix: str) -> dict[str, Tensor]:
        outputs = unpack(key, segment, (folder / RESULT).read_bytes())

        def taken(reference: Reference) -> Reference:
            return self._objects.adopt(prefix, _sound(folder, reference), reference)

        return {flow.name: moved(flow, outputs[flow.name], taken) for flow in segment.outputs}

    def _write(self, part: Path, key: str, segment: Segment, outputs: Mapping[str, Tensor]) -> None:
        part.mkdir(parents=True)
        for flow in segment.outputs:
            for reference in references(flow, outputs[flow.name]):
                if not (target := part / reference.sha256).exists():
                    link(self._objects.path(reference), target)
                    self._written_bytes += reference.size
        data = pack(key, segment, outputs)
        (part / RESULT).write_bytes(data)
        self._written_bytes += len(data)

    def _refuse(self, error: Exception) -> None:
        """Tell once that the folder is of no use: the run goes on without."""
        if not self._refused:
            self._note(f"the cache in {self._root} cannot be used: {error}")
        self._refused = True


def _settle(part: Path, folder: Path) -> None:
    """Give a result its name; where another writer was first, that one's stays."""
    try:
        part.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _sound(folder: Path, reference: Reference) -> Path:
    """The kept file of an object, which holds what it should."""
    path = folder / reference.sha256
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise Damaged(f"a medium of {reference.size} bytes is gone") from None
    if found != reference.sha256:
        raise Damaged(f"a medium of {reference.size} bytes has changed")
    return path
