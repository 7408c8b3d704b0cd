"""How much is kept for how long, and what goes first: what was not asked for longest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_BYTES = 2 << 30
DEFAULT_AGE_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What results may take.

    Attributes:
        size_bytes: room on the disk for all of them.
        age_s: how long one stays that nobody asks for, in seconds.
    """

    size_bytes: int = DEFAULT_BYTES
    age_s: float = DEFAULT_AGE_S


@dataclass(frozen=True, slots=True)
class Found:
    """One result on the disk.

    Attributes:
        folder: where it lies.
        size_bytes: what it takes there.
        used_at_s: when it was written or last asked for, in Unix seconds.
    """

    folder: Path
    size_bytes: int
    used_at_s: float


def excess(results: Iterable[Found], limits: Limits, now_s: float) -> Iterator[Found]:
    """The results that have to go: those too old or too large, then of the rest the ones not used for longest."""
    room_bytes = limits.size_bytes
    for found in sorted(results, key=lambda each: (-each.used_at_s, each.folder)):
        if now_s - found.used_at_s > limits.age_s or found.size_bytes > limits.size_bytes:
            yield found
            continue
        room_bytes -= found.size_bytes
        if room_bytes < 0:
            yield found
