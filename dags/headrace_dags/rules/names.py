"""Say names in messages: what was probably meant, and lists of what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(name: str, known: Iterable[str]) -> str:
    """The known name that is nearest to ``name``; empty where none is near."""
    near = get_close_matches(name, list(known), 1, 0.6)
    return near[0] if near else ""


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; ``nothing`` for no names."""
    *rest, last = list(names) or ["nothing"]
    return f"{', '.join(rest)} and {last}" if rest else last
