"""One instance of a member model inside Triton's stub: its requests to the runner, the runner's answers back.

Loaded by the generic model once the path is extended; imports Triton's own module, which exists only in a stub.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]

from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.failure_text import to_text
from headrace_serving.program import Program
from headrace_serving.redaction import cover_output, redactor_of
from headrace_serving.runner import Answer, Request, Runner
from headrace_serving.tensors import Tensor

_SLOW_S = 0.01
"""Asking whether a request was cancelled costs 0.03 ms: only what waited behind a body slower than this is asked."""


class ServedModel:
    """A loaded program behind Triton's interface.

    Args:
        program: its ``program.json``.

    Raises:
        RuntimeError: a step failed to import or to set up; the text holds the failure.
    """

    def __init__(self, program: Path) -> None:
        self._was_slow = False
        read = Program.model_validate_json(program.read_bytes())
        cover_output(redactor_of(read.nodes, read.import_root))
        try:
            self._runner = Runner(read)
        except TaskFailed as failed:
            raise RuntimeError(to_text(failed.failure)) from None

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Run the requests that Triton hands over together."""
        begin_s = time.monotonic()
        responses = self._unless_cancelled(requests) if self._was_slow else self._run(requests)
        self._was_slow = time.monotonic() - begin_s > _SLOW_S
        return responses

    def _unless_cancelled(self, requests: Sequence[Any]) -> list[Any]:
        """Run those that were not cancelled while they waited."""
        cancelled = [request.is_cancelled() for request in requests]
        live = [request for request, gone in zip(requests, cancelled, strict=True) if not gone]
        responses = iter(self._run(live))
        return [_cancelled() if gone else next(responses) for gone in cancelled]

    def _run(self, requests: Sequence[Any]) -> list[Any]:
        return [_response(answer) for answer in self._runner.run([_request(each) for each in requests])]


def _request(request: Any) -> Request:
    return Request(request.request_id(), {tensor.name(): Tensor(tensor.as_numpy()) for tensor in request.inputs()})


def _response(answer: Answer) -> Any:
    if isinstance(answer, TaskFailure):
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(to_text(answer)))
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in answer.items()])


def _cancelled() -> Any:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError("cancelled", pb_utils.TritonError.CANCELLED))
