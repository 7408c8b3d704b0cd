"""What lies in the folder of results, and its cleaning: by limits, or all of it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from headrace_serving.cache.limits import Found, Limits, excess

STALE_S = 3_600.0
"""A part that nobody finished for so long is of a writer that was killed, in seconds."""

RESULT = "result"
"""The file of a result's folder that is written last and read first."""

EVERY_S = 86_400.0
"""How long results may lie that nobody looked at for their age, in seconds."""

_SWEPT = ".swept"
"""The file of a tenant's folder whose time is that of its last sweep."""

_BLOCK_BYTES = 512


def cache_folder(objects: Path) -> Path:
    """Where the results of all tenants lie: in the root of the object store, where no tenant is called so."""
    return objects / "cache"


def results_in(root: Path) -> Iterator[Found]:
    """The results in a tenant's folder, in no order; what others remove meanwhile is left out."""
    seen: set[tuple[int, int]] = set()
    for folder in root.glob("[!.]*/*"):
        with suppress(OSError):
            yield _found(folder, seen)


def sweep(root: Path, limits: Limits, now_s: float) -> list[Found]:
    """Remove what exceeds ``limits``, and parts that nobody finishes.

    Args:
        root: a tenant's folder; it need not exist.
        limits: what may stay.
        now_s: Unix seconds.

    Returns:
        The results that were removed.
    """
    with suppress(OSError):
        (root / _SWEPT).touch()
    for part in root.glob(".*.part"):
        with suppress(OSError):
            if now_s - part.stat().st_mtime > STALE_S:
                shutil.rmtree(part, ignore_errors=True)
    gone = list(excess(results_in(root), limits, now_s))
    for found in gone:
        discard(found.folder)
    return gone


def is_due(root: Path, now_s: float) -> bool:
    """Whether a tenant's folder has not been swept for long."""
    try:
        return now_s - (root / _SWEPT).stat().st_mtime > EVERY_S
    except OSError:
        return root.is_dir()


def discard(folder: Path) -> None:
    """Take a result away at once, whoever reads it; then remove it."""
    gone = folder.parent.parent / f".{uuid.uuid4().hex}.part"
    with suppress(OSError):
        folder.rename(gone)
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()


def _found(folder: Path, seen: set[tuple[int, int]]) -> Found:
    """A result and what it takes on the disk; a medium that several results share is counted once."""
    size_bytes, used_at_s = _taken(folder, seen), 0.0
    for file in folder.iterdir():
        size_bytes += _taken(file, seen)
        used_at_s = max(used_at_s, file.stat().st_mtime) if file.name == RESULT else used_at_s
    return Found(folder, size_bytes, used_at_s)


def _taken(path: Path, seen: set[tuple[int, int]]) -> int:
    stat = path.stat()
    if (stat.st_dev, stat.st_ino) in seen:
        return 0
    seen.add((stat.st_dev, stat.st_ino))
    return max(stat.st_blocks * _BLOCK_BYTES, stat.st_size if not path.is_dir() else 0)
