"""One instance of a member model inside Triton's stub: its requests to the runner, the runner's answers back.

Loaded by the generic model once the path is extended; imports Triton's own module, which exists only in a stub.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]

from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.failure_text import to_text
from headrace_serving.program import Program
from headrace_serving.redaction import cover_output, redactor_of
from headrace_serving.runner import Answer, Request, Runner
from headrace_serving.tensors import Tensor
from headrace_serving.triton.asking import BEGIN, END, TAKE, WHAT
from headrace_serving.triton.givenup import is_given_up

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
        self._stream = _Stream(self._runner) if read.stream else None

    def execute(self, requests: Sequence[Any]) -> list[Any] | None:
        """Run the requests that Triton hands over together; those of a stream are answered one item at a time."""
        if self._stream:
            for request in requests:
                self._stream.answer(request)
            return None
        return self._unless_cancelled(requests) if self._was_slow else self._run(requests)

    def _unless_cancelled(self, requests: Sequence[Any]) -> list[Any]:
        """Run those that were not cancelled or given up while they waited."""
        cancelled = [request.is_cancelled() or is_given_up(request.parameters()) for request in requests]
        live = [request for request, gone in zip(requests, cancelled, strict=True) if not gone]
        responses = iter(self._run(live) if live else ())
        return [_cancelled() if gone else next(responses) for gone in cancelled]

    def _run(self, requests: Sequence[Any]) -> list[Any]:
        begin_s = time.monotonic()
        answers = self._runner.run([_request(each) for each in requests])
        self._was_slow = time.monotonic() - begin_s > _SLOW_S
        return [_response(answer) for answer in answers]


class _Stream:
    """The one stream that a model serves at a time: a request begins it or goes on, and asks for so many items."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._task = ""
        self._answers: Generator[Answer] | None = None

    def answer(self, request: Any) -> None:
        """Send the items that a request asks for: fewer where the stream ends."""
        sender = request.get_response_sender()
        asked = json.loads(request.parameters())
        if asked[WHAT] == BEGIN:
            self._begin(request)
            if sender.is_cancelled():  # while it waited: what holds the model up was not the one that was left
                self._end()
        elif asked[WHAT] == END and request.request_id() == self._task:
            self._end()
        for answer in islice(self._of(request.request_id()), asked[TAKE]):
            if sender.is_cancelled():
                self._end()
                break
            sender.send(_response(answer))
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def _begin(self, request: Any) -> None:
        """Begin a stream, and end one that its client has left. Nothing of it runs before an item is asked for."""
        self._end()
        self._task = request.request_id()
        self._answers = self._runner.stream(_request(request))

    def _of(self, task: str) -> Iterator[Answer]:
        if self._answers is not None and self._task == task:
            return self._answers
        return iter([TaskFailure(kind="unavailable", message="the process of the stream does not hold it any more")])

    def _end(self) -> None:
        if self._answers is not None:
            self._answers.close()


def _request(request: Any) -> Request:
    return Request(request.request_id(), {tensor.name(): Tensor(tensor.as_numpy()) for tensor in request.inputs()})


def _response(answer: Answer) -> Any:
    if isinstance(answer, TaskFailure):
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(to_text(answer)))
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in answer.items()])


def _cancelled() -> Any:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError("cancelled", pb_utils.TritonError.CANCELLED))
