"""The generic model of the python backend: hands requests to the program that lies beside it. Copied into every repository.

Runs inside Triton's stub, whose Python starts without environment and locale: ``PYTHONPATH`` is not read, so nothing of
ours can be imported before the path is extended; standard output and paths are taken for ASCII.
"""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


class TritonPythonModel:
    """One instance of one member model; Triton finds it by this name."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the program."""
        _speak_utf8()
        program = Path(args["model_repository"], args["model_version"], "program.json")
        wanted = [os.fsdecode(folder.encode()) for folder in json.loads(program.read_bytes())["path"]]
        sys.path[:0] = [folder for folder in wanted if folder not in sys.path]
        from headrace_serving.triton.served import ServedModel

        self._served = ServedModel(program)

    def execute(self, requests: Sequence[Any]) -> list[Any] | None:
        """Run the requests that Triton hands over together."""
        return self._served.execute(requests)


def _speak_utf8() -> None:
    """What steps print is UTF-8, goes to the server's log line by line, and they open text files as UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
