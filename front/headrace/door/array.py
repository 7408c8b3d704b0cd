"""Decoded arrays: from .npy files, from image and sound files, or written out as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headrace.door.files import existing, is_file
from headrace.door.plain import content
from headrace.door.unfit import Unfit
from headrace_dags.graph import Port, PortType

_BECOMES = {"f": "if", "i": "i", "u": "i", "b": "b"}
"""Kind of the port's dtype -> kinds of written numbers that may become it."""


def array(port: Port, text: str) -> Any:
    """An array for ``port``; whether its dtype and axes fit is checked afterwards.

    Raises:
        Unfit: it cannot be read.
    """
    if not text.startswith("@"):
        return _written(port, text)
    path = existing(port, text[1:])
    if path.suffix == ".npy":
        return _npy(port.type, path)
    if port.type.kind == "image":
        from headrace.door.image import image

        return image(port.type, path)
    if port.type.kind == "audio":
        from headrace.door.audio import sound

        return sound(port.type, path)
    if path.suffix == ".json":
        return _written(port, content(port, text[1:]))
    raise Unfit("input-array", f"expects {port.type}", path.name, "Save the array with numpy.save as .npy")


def _npy(kind: PortType, path: Path) -> Any:
    import numpy as np

    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise Unfit("input-array", f"expects {kind}", f"{path.name}, which is no .npy file ({error})") from None


def _written(port: Port, text: str) -> Any:
    """Numbers written out as JSON."""
    import numpy as np

    write = f"Write --input {port.name}=@{text if is_file(text) else 'FILE.npy'}"
    try:
        found = np.asarray(json.loads(text))
    except (ValueError, RecursionError):
        raise Unfit("input-array", f"expects {port.type}", repr(text[:60]), write) from None
    if found.dtype.kind not in _BECOMES[np.dtype(port.type.dtype).kind]:
        raise Unfit("input-array", f"expects {port.type}", repr(text[:60]), write)
    with np.errstate(over="ignore"):
        made = found.astype(port.type.dtype)
    if made.dtype.kind in "iu" and not np.array_equal(made, found):
        raise Unfit("input-array", f"expects {port.type}", f"{text[:60]!r}, which {made.dtype} cannot hold", write)
    return made
