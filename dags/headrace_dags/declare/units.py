"""Durations and sizes as people write them: ``5ms``, ``10m``, ``6Gi``. Pure text to number."""

from __future__ import annotations

import re

DURATIONS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds in one of each unit of time."""

SIZES_BYTES = {
    "": 1,
    **{unit: 1000**power for power, unit in enumerate(("k", "M", "G", "T"), 1)},
    **{unit: 1024**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}
"""Bytes in one of each unit of size, as Kubernetes spells them."""

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


class UnitError(ValueError):
    """Raised when a text is no duration or size; the message says what is, the way ``Problem.expected`` does."""


def seconds(text: str) -> float:
    """The seconds of a duration such as ``5ms``, ``1.5s`` or ``10m``.

    Raises:
        UnitError: it is no text, has no unit of time, or is not above zero.
    """
    amount = _amount(text, DURATIONS_S, 'expects a duration such as "5ms", "30s" or "10m"')
    if amount <= 0:
        raise UnitError("expects a duration above zero")
    return amount


def microseconds(text: str) -> int:
    """The microseconds of a duration, rounded; ``0ms`` is allowed.

    Raises:
        UnitError: it is no text or has no unit of time.
    """
    return round(_amount(text, DURATIONS_S, 'expects a duration such as "5ms" or "0ms"') * 1e6)


def size_bytes(text: str) -> int:
    """The bytes of a size such as ``512Mi``, ``6Gi`` or ``2G``.

    Raises:
        UnitError: it is no text, has an unknown unit, or is not above zero.
    """
    amount = round(_amount(text, SIZES_BYTES, 'expects a size such as "512Mi", "6Gi" or "2G"'))
    if amount <= 0:
        raise UnitError("expects a size above zero")
    return amount


def _amount(text: object, units: dict[str, float] | dict[str, int], expected: str) -> float:
    match = _QUANTITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or match[2] not in units:
        raise UnitError(expected)
    return float(match[1]) * units[match[2]]
