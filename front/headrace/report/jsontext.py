"""JSON as a person reads it: what fits on a line stays on a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_WIDTH = 96
_INDENT = "  "


def json_text(value: Any, indent: str = "") -> str:
    """The text of a JSON value; objects and lists are broken into lines only where they are long."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + len(indent) <= _WIDTH or not isinstance(value, dict | list):
        return flat
    deeper = indent + _INDENT
    if isinstance(value, dict):
        pairs = (
            f"{json.dumps(str(key), ensure_ascii=False)}: {json_text(each, deeper)}" for key, each in value.items()
        )
        return _block("{", pairs, "}", indent)
    return _block("[", (json_text(each, deeper) for each in value), "]", indent)


def _block(opening: str, parts: Iterable[str], closing: str, indent: str) -> str:
    inner = ",\n".join(f"{indent}{_INDENT}{part}" for part in parts)
    return f"{opening}\n{inner}\n{indent}{closing}"
