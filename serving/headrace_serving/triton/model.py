"""The generic model of the python backend: hands requests to the program that lies beside it. Copied into every repository.

Runs inside Triton's stub, whose Python starts without environment and locale: ``PYTHONPATH`` is not read, so nothing of
ours can be imported before the path is extended; standard output and paths are taken for ASCII.
"""

from __future__ import annotations

import json
import locale
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]

_SLOW_S = 0.01
"""Asking whether a request was cancelled costs 0.03 ms: only what waited behind a body slower than this is asked."""


class TritonPythonModel:
    """One instance of one member model; Triton finds it by this name."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the program."""
        _speak_utf8()
        program = Path(args["model_repository"], args["model_version"], "program.json")
        wanted = [_native(folder) for folder in json.loads(program.read_bytes())["path"]]
        sys.path[:0] = [folder for folder in wanted if folder not in sys.path]
        from headrace_serving.failure import TaskFailed
        from headrace_serving.failure_text import to_text
        from headrace_serving.runner import Runner

        self._busy_s = 0.0
        try:
            self._runner = Runner.of(program)
        except TaskFailed as failed:
            raise RuntimeError(to_text(failed.failure)) from None

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Run the requests that Triton hands over together, without those that were cancelled while they waited."""
        begin_s = time.monotonic()
        dropped = [self._busy_s > _SLOW_S and request.is_cancelled() for request in requests]
        answers = iter(
            self._runner.run([_taken(each) for each, drop in zip(requests, dropped, strict=True) if not drop])
        )
        responses = [_cancelled() if drop else _given(next(answers)) for drop in dropped]
        self._busy_s = time.monotonic() - begin_s
        return responses


def _speak_utf8() -> None:
    """What steps print is UTF-8, goes to the server's log line by line, and they open text files as UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    with suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")


def _native(path: str) -> str:
    """A path as this Python spells it."""
    return os.fsdecode(path.encode())


def _taken(request: Any) -> Any:
    from headrace_serving.runner import Request
    from headrace_serving.tensors import Tensor

    return Request(request.request_id(), {tensor.name(): Tensor(tensor.as_numpy()) for tensor in request.inputs()})


def _given(answer: Any) -> Any:
    from headrace_serving.failure import TaskFailure
    from headrace_serving.failure_text import to_text

    if isinstance(answer, TaskFailure):
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(to_text(answer)))
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in answer.items()])


def _cancelled() -> Any:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError("cancelled", pb_utils.TritonError.CANCELLED))
