"""Calls of a mapper that nobody waits for any more: how the models that have yet to run them are told. Loads nothing.

Triton cannot cancel what one model asks of another. So each call bears the path of a file, which is there once the call is
given up: in shared memory, under the name of the mapper's own region, so that it is removed with the server in any case.
"""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import count
from pathlib import Path

from headrace_serving.triton.keeper import SHARED_MEMORY

CALL = "headrace_call"
"""The parameter of a request that says which file tells that it was given up; members of an ensemble are told it too."""

_REGION_ARGUMENT = 2


class Calls:
    """The calls of one mapper, in its stub."""

    def __init__(self) -> None:
        region = Path("/proc/self/cmdline").read_bytes().split(b"\0")[_REGION_ARGUMENT].decode()
        self._begin = SHARED_MEMORY / f"{region}-call-"
        self._numbers = count()

    def mark(self) -> Path:
        """The file of a new call."""
        return Path(f"{self._begin}{next(self._numbers)}")


def give_up(mark: Path) -> None:
    """Tell that nobody waits for a call; where that cannot be written it runs in vain."""
    with suppress(OSError):
        mark.touch()


def is_given_up(parameters: str) -> bool:
    """Whether a request with these parameters is a call that was given up."""
    return CALL in parameters and Path(json.loads(parameters)[CALL]).exists()
