"""What an examination finds, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standing = Literal["ok", "missing", "optional"]
"""There; missing and needed; missing, but needed only by some."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        group: ``python``, ``machine``, ``triton``, ``container``, ``extras`` or ``secrets``.
        name: what it is.
        standing: whether it is there.
        detail: what was found.
        needed: what for, or what is needed.
        fix: what to do where it is missing.
    """

    group: str
    name: str
    standing: Standing
    detail: str
    needed: str = ""
    fix: str = ""
