"""Say in a few words what a value is, for messages. Never reads a medium and never prints much."""

from __future__ import annotations

from typing import Any

from headrace_dags.media.handles import Blob

_MOST_BITS = 1_000


def described(value: Any) -> str:
    """A noun phrase: ``float64 array of shape [384]``, ``'abc' (str)``, ``a list of 3``, ``hr.Jpeg``, ``None``."""
    if isinstance(value, Blob):
        return f"hr.{type(value).__name__}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} {type(value).__name__}"
    if isinstance(value, str | int | float):
        return f"{_short(value)} ({type(value).__name__})"
    if isinstance(value, list | tuple | dict | set | frozenset):
        return f"a {type(value).__name__} of {len(value):,}"
    return (
        "None"
        if value is None
        else f"{'an' if type(value).__name__[0] in 'aeiouAEIOU' else 'a'} {type(value).__name__}"
    )


def _array(value: Any) -> str:
    shape = ", ".join(map(str, value.shape))
    return f"{value.dtype} array of shape [{shape}]" if shape else f"{value} ({value.dtype})"


def _short(value: object, limit: int = 60) -> str:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of {value.bit_length():,} bits"  # Python refuses to write very long ones
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
