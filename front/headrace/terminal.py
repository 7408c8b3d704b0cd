"""What a terminal can show: colours where there is one and nobody minds, plain text otherwise. Rich is loaded by who needs it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_UNSEEN = r"\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""What moves the cursor, colours, rings, or turns the order of what is read."""

_CODES = {"bad": "31;1", "good": "32", "warn": "33", "strong": "1", "soft": "2", "name": "36"}


def colored(stream: TextIO) -> bool:
    """Whether colours may be written to ``stream``: a terminal that knows them, and ``NO_COLOR`` is not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def lively(stream: TextIO) -> bool:
    """Whether what stands on ``stream`` may be written over, as a live table is."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours text, or leaves it."""

    on: bool

    def __call__(self, style: str, text: str) -> str:
        """``text`` in one of the styles bad, good, warn, strong, soft, name."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.on and text else text


def ink(stream: TextIO | None = None) -> Ink:
    """The ink for ``stream``, by default the standard output."""
    return Ink(colored(stream or sys.stdout))


def aside() -> AbstractContextManager[object]:
    """While inside, what the user's code prints goes to the standard error: the standard output is for results."""
    return redirect_stdout(sys.stderr)


def legible(text: str, *, lines: bool = False) -> str:
    """Text that a step, an input or a server made, as it may be shown: no sign of it works on the terminal.

    Args:
        text: as it came.
        lines: whether it may have several.
    """
    return re.sub(f"(?![\n\t])[{_UNSEEN}]" if lines else f"[{_UNSEEN}]", _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def drop_unread() -> None:
    """Let what nobody reads any more, as after ``| head``, lead nowhere: writing to it then breaks nothing."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def remark(text: str) -> None:
    """A line on the standard error, of what goes on; that nobody reads it is no reason to end."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        drop_unread()


def near(path: Path | str) -> str:
    """A path as one would type it here: relative to the working directory where that is shorter."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except OSError:  # the working directory is gone
        return str(path)


def table(rows: Sequence[tuple[str, ...]], *, indent: int = 2) -> str:
    """Rows in columns, two spaces apart. Cells may be coloured afterwards only: widths count characters."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ("  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows)
    return "\n".join(" " * indent + line for line in lines)


def clipped(text: str, length: int) -> str:
    """``text``, or its beginning and an ellipsis where it is longer than ``length`` characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def duration(seconds: float) -> str:
    """``1.2 ms``, ``340 ms``, ``2.31 s``, ``3 min 05 s``."""
    if seconds < 0.01:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def size(count: float) -> str:
    """Bytes as ``812 B``, ``3.4 MB``; powers of ten."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
