"""What the log of one start of the server tells: the last lines, a port that was taken, models still loading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TAIL_BYTES = 64 << 10
_TABLE = ("|", "+-")
_TAKEN = re.compile(
    r"Socket '[^']*:(\d+)' already in use"
    r"|(?:Bind for|listen tcp4?|bind:?) [^ ]*:(\d+)(?: failed)?:[^\n]*(?:already allocated|address already in use)",
    re.IGNORECASE,
)
"""In the words of Triton, or of Docker and Podman about a port that they were to publish."""
_LOADING = re.compile(r'"loading: ([^"]+):\d+"')
_LOADED = re.compile(r"(?:successfully loaded|failed to load) '([^']+)'")


@dataclass(frozen=True, slots=True)
class ServerLog:
    """The part of a log file that one start of the server wrote.

    Attributes:
        path: the file.
        begin: where this start begins, in bytes.
    """

    path: Path
    begin: int = 0

    @classmethod
    def from_now(cls, path: Path) -> Self:
        """What will be written from now on."""
        return cls(path, path.stat().st_size if path.exists() else 0)

    def text(self) -> str:
        """What was written since this start, at most the last 64 KiB."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(self.begin, self.path.stat().st_size - _TAIL_BYTES))
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def excerpt(self, lines: int = 30) -> str:
        """The last lines, without Triton's tables."""
        return "\n".join([line for line in self.text().splitlines() if line and not line.startswith(_TABLE)][-lines:])

    def taken_port(self) -> int | None:
        """The port that the server found in use."""
        match = _TAKEN.search(self.text())
        return int(match[1] or match[2]) if match else None

    def still_loading(self) -> tuple[str, ...]:
        """The models whose load has begun and not ended."""
        text = self.text()
        done = set(_LOADED.findall(text))
        return tuple(dict.fromkeys(model for model in _LOADING.findall(text) if model not in done))

    def complaints(self, model: str) -> str:
        """The error lines that name ``model``."""
        return "\n".join(line for line in self.text().splitlines() if line.startswith("E") and f"'{model}'" in line)
