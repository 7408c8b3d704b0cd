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
from headrace_serving.triton.givenup import CALL, Calls, give_up
from headrace_serving.triton.shm import shared_memory_lack

_MOST_THREADS = 64
"""Far more than calls in flight: those that were given up stay in theirs until their models come to them."""


class _Call(Future[Outcome]):
    """A call that is made in a thread. It cannot be cancelled, but given up: its model does not run it any more."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.mark = mark
        self.is_given_up = False

    def cancel(self) -> bool:
        """Give it up; its answer is of no interest."""
        self.is_given_up = True
        give_up(self.mark)
        if self.done():
            self.forget()
        return False

    def forget(self) -> None:
        """It has come back: nobody asks for its mark."""
        if self.is_given_up:
            self.mark.unlink(missing_ok=True)


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
        self._calls = Calls()
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
        call = _Call(self._calls.mark())
        self._threads.submit(self._make, call, model, request)
        return call

    def _make(self, call: _Call, model: str, request: Request) -> None:
        try:
            call.set_result(_GIVEN_UP if call.is_given_up else self._called(call, model, request))
        except Exception as error:  # noqa: BLE001  # goes to whoever waits for it
            call.set_exception(error)
        call.forget()

    def _called(self, call: _Call, model: str, request: Request) -> Outcome:
        asked = pb_utils.InferenceRequest(
            model_name=model,
            request_id=request.id,
            requested_output_names=self._outputs[model],
            inputs=[pb_utils.Tensor(name, tensor.array) for name, tensor in request.tensors.items()],
            parameters={CALL: str(call.mark)},
        )
        try:
            response = asked.exec()
        except pb_utils.TritonModelException as error:  # the model is not there: it is being repaired
            return ServerSaid(str(error), _code_of(str(error)))
        if response.has_error():
            text = response.error().message()
            return from_text(text) or ServerSaid(text, response.error().code())
        return {tensor.name(): _own(tensor) for tensor in response.output_tensors()}


_GIVEN_UP = TaskFailure(kind="cancelled", message="given up before it was made")


def _code_of(text: str) -> Any:
    """The code of an error that the server's own library raises: but for a lack of memory a model is not there."""
    return pb_utils.TritonError.INTERNAL if shared_memory_lack(text) else pb_utils.TritonError.UNAVAILABLE


def _own(tensor: Any) -> Tensor:
    """A tensor of a request or response, which does not outlive it."""
    array = tensor.as_numpy()
    return Tensor(array if array.flags.owndata else array.copy())


def _send(sender: Any, outcome: Outcome) -> None:
    """Answer a request. Triton takes outputs for sent that found no room in shared memory: the end goes behind them by itself."""
    if isinstance(outcome, TaskFailure | ServerSaid):
        error = pb_utils.InferenceResponse(error=_error(outcome))
        sender.send(error, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
        return
    outputs = [pb_utils.Tensor(name, tensor.array) for name, tensor in outcome.items()]
    try:
        sender.send(pb_utils.InferenceResponse(outputs))
    finally:
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def _error(outcome: TaskFailure | ServerSaid) -> Any:
    if isinstance(outcome, ServerSaid):
        return pb_utils.TritonError(outcome.text, outcome.code)
    code = pb_utils.TritonError.CANCELLED if outcome.kind == "cancelled" else pb_utils.TritonError.INTERNAL
    return pb_utils.TritonError(to_text(outcome), code)
