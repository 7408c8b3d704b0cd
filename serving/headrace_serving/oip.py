"""An asynchronous client of the Open Inference Protocol v2 over gRPC: tensors in, tensors or a typed failure out."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import grpc
import grpc.aio
from tritonclient.grpc import service_pb2, service_pb2_grpc

from headrace_serving.failure import FailureKind, TaskFailed, TaskFailure
from headrace_serving.failure_text import from_text
from headrace_serving.raw import from_raw, to_raw
from headrace_serving.tensors import Tensor

_messages: Any = service_pb2
_services: Any = service_pb2_grpc

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 64 << 10),
    ("grpc.absolute_max_metadata_size", 64 << 10),
)
"""Options of the channel: messages as large as protobuf allows (2 GiB), and room for the text of an error."""

_AWAY = re.compile(r"has no available versions|is not healthy|is not ready|unknown model|failed to connect")


class OipClient:
    """A client of one server. An asynchronous context manager; belongs to the event loop it was made in.

    Args:
        address: ``host:port``; connected to when first used.
        options: further options of the gRPC channel.
    """

    def __init__(self, address: str, options: tuple[tuple[str, int], ...] = ()) -> None:
        self._channel: Any = grpc.aio.insecure_channel(address, options=(*options, *OPTIONS))
        self._stub: Any = _services.GRPCInferenceServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls in flight are cancelled."""
        await self._channel.close()

    async def infer(
        self, model: str, tensors: Mapping[str, Tensor], request_id: str, timeout_s: float | None = None
    ) -> dict[str, Tensor]:
        """Call a model once. When cancelled, the call is cancelled on the server too.

        Args:
            model: its name on the server.
            tensors: its inputs by name.
            request_id: reaches the model, and every member of an ensemble.
            timeout_s: most seconds to the answer; ``None`` is no limit.

        Returns:
            Its outputs by name.

        Raises:
            TaskFailed: the model's own failure as data, or ``unavailable``, ``timeout``, ``internal``.
        """
        try:
            response = await self._stub.ModelInfer(request_of(model, tensors, request_id), timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            raise TaskFailed(of_rpc(model, error)) from None
        return tensors_of(response)

    @asynccontextmanager
    async def stream(self) -> AsyncGenerator[Any]:
        """A ``ModelStreamInfer`` call, to write requests to and read responses from; leaving cancels what is under way."""
        call = self._stub.ModelStreamInfer()
        try:
            yield call
        finally:
            call.cancel()


def tensors_of(response: Any) -> dict[str, Tensor]:
    """The outputs of a response by name."""
    return {
        output.name: from_raw(output.datatype, output.shape, contents)
        for output, contents in zip(response.outputs, response.raw_output_contents, strict=True)
    }


def request_of(model: str, tensors: Mapping[str, Tensor], request_id: str) -> Any:
    """The message of one call."""
    request = _messages.ModelInferRequest(model_name=model, id=request_id)
    for name, tensor in tensors.items():
        request.inputs.add(name=name, datatype=tensor.datatype, shape=tensor.array.shape)
        request.raw_input_contents.append(to_raw(tensor))
    return request


def of_rpc(model: str, error: grpc.aio.AioRpcError) -> TaskFailure:
    """What an error of gRPC means; a failure that a model answered comes back as it was."""
    return of_status(model, error.code(), error.details() or "")


def of_status(model: str, code: grpc.StatusCode, details: str) -> TaskFailure:
    """What a status means; a failure that a model answered comes back as it was."""
    own = from_text(details)
    return own or TaskFailure(kind=_kind(code, details), message=f"{model}: [StatusCode.{code.name}] {details}")


def _kind(code: grpc.StatusCode, details: str) -> FailureKind:
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "timeout"
    if code is grpc.StatusCode.CANCELLED:
        return "cancelled"
    if code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND} or _AWAY.search(details):
        return "unavailable"
    return "internal"
