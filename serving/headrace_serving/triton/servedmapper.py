"""One instance of a mapper inside Triton's stub: calls the models of its server, and answers through response senders.

Requests are answered when they are done, not in turn: ``execute`` takes them in and returns. Imports Triton's own module,
which exists only in a stub.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import triton_python_backend_utils as pb_utils  # pyright: ignore[reportMissingImports]

from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.failure_text import from_text, to_text
from headrace_serving.mapper.drive import Drive
from headrace_serving.mapper.job import Outcome, ServerSaid
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.redaction import cover_output, redactor_of
from headrace_serving.runner import Request
from headrace_serving.tensors import Tensor

_MOST_THREADS = 64
"""Far more than calls in flight: those that nobody waits for any more stay in theirs until the server answers them."""


class ServedMapper:
    """A loaded mapper behind Triton's interface.

    Args:
        program: its ``program.json``.

    Raises:
        RuntimeError: a step failed to import; the text holds the failure.
    """

    def __init__(self, program: Path) -> None:
        read = MapperProgram.model_validate_json(program.read_bytes())
        cover_output(redactor_of(read.nodes, read.import_root))
        self._outputs = {
            model: [flow.name for flow in call.outputs] for model, call in zip(read.models, read.calls, strict=True)
        }
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="headrace-call")
        self._drive = Drive(read, self._call)
        try:
            self._drive.start().result()
        except TaskFailed as failed:
            raise RuntimeError(to_text(failed.failure)) from None

    def execute(self, requests: Sequence[Any]) -> None:
        """Take the requests in."""
        for request in requests:
            sender = request.get_response_sender()
            tensors = {tensor.name(): _own(tensor) for tensor in request.inputs()}
            self._drive.run(Request(request.request_id(), tensors), partial(_send, sender), sender.is_cancelled)

    def _call(self, model: str, request: Request) -> Future[Outcome]:
        return self._threads.submit(self._called, model, request)

    def _called(self, model: str, request: Request) -> Outcome:
        inputs = [pb_utils.Tensor(name, tensor.array) for name, tensor in request.tensors.items()]
        asked = pb_utils.InferenceRequest(
            model_name=model, request_id=request.id, requested_output_names=self._outputs[model], inputs=inputs
        )
        try:
            response = asked.exec()
        except pb_utils.TritonModelException as error:  # the model is not there: it is being repaired
            return ServerSaid(str(error), pb_utils.TritonError.UNAVAILABLE)
        if response.has_error():
            text = response.error().message()
            return from_text(text) or ServerSaid(text, response.error().code())
        return {tensor.name(): _own(tensor) for tensor in response.output_tensors()}


def _own(tensor: Any) -> Tensor:
    """A tensor of a request or response, which does not outlive it."""
    array = tensor.as_numpy()
    return Tensor(array if array.flags.owndata else array.copy())


def _send(sender: Any, outcome: Outcome) -> None:
    sender.send(_response(outcome), flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def _response(outcome: Outcome) -> Any:
    if isinstance(outcome, ServerSaid):
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(outcome.text, outcome.code))
    if isinstance(outcome, TaskFailure):
        code = pb_utils.TritonError.CANCELLED if outcome.kind == "cancelled" else pb_utils.TritonError.INTERNAL
        return pb_utils.InferenceResponse(error=pb_utils.TritonError(to_text(outcome), code))
    return pb_utils.InferenceResponse([pb_utils.Tensor(name, tensor.array) for name, tensor in outcome.items()])
