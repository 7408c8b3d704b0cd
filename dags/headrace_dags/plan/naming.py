"""Names that a plan gives: of segments, models and tensors. Readable, unique, and fit for servers and topics. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MOST_CHARACTERS = 40
"""The longest name of a segment or model: topics, services and labels are made of it."""


class Names:
    """Gives out names, each only once: a name that is taken gets a number."""

    def __init__(self, joint: str) -> None:
        self._joint = joint
        self._given: set[str] = set()

    def give(self, wanted: str, most: int = 0) -> str:
        """``wanted``, cut to ``most`` characters (0: any length), with a number behind it where it is taken."""
        name = wanted[: most or None].rstrip("-")
        number = 1
        while name in self._given:
            number += 1
            tail = f"{self._joint}{number}"
            name = wanted[: most - len(tail) if most else None].rstrip("-") + tail
        self._given.add(name)
        return name


def group_name(nodes: Sequence[str]) -> str:
    """The name wanted for nodes that run together: the node's own, or the first and the last."""
    first, last = _label(nodes[0]), _label(nodes[-1])
    if len(nodes) == 1:
        return first
    half = (MOST_CHARACTERS - len("-to-")) // 2
    if len(first) + len("-to-") + len(last) <= MOST_CHARACTERS:
        return f"{first}-to-{last}"
    room = max(half, MOST_CHARACTERS - len("-to-") - len(last))
    first = first[:room].rstrip("-")
    return f"{first}-to-{last[: MOST_CHARACTERS - len('-to-') - len(first)]}"


def tensor_name(node: str, port: str) -> str:
    """The name wanted for a value's tensor; ``node`` is empty for an input of the dag."""
    return re.sub(r"[^A-Za-z0-9_]", "_", _ascii(f"{node or 'in'}_{port}"))


def _label(node: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", _ascii(node).lower()).strip("-")
    return label or "step"


def _ascii(text: str) -> str:
    """Letters without their accents; what has no such letter becomes ``_``."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(each if each.isascii() else "_" for each in plain if not unicodedata.combining(each))
