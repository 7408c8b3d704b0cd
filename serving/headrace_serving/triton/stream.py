"""One run of a step that streams: ask its model for some items, read them as they come, ask for more once they are taken.

The model makes no more than it is asked for. Flow control of gRPC alone would not hold it back: between the model and the
connection lies a queue of the server's that takes whatever comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.oip import OipClient, of_rpc, of_status, request_of, tensors_of
from headrace_serving.tensors import Tensor
from headrace_serving.triton.asking import BEGIN, END, MORE, TAKE, WHAT

_grpc: Any = grpc.aio  # whose stubs lack EOF

Wait = Callable[[Awaitable[Any]], Awaitable[Any]]
"""Waits for the next response, perhaps only for so long."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a model.

    Attributes:
        model: its name on the server.
        request: the id of the task; the model knows its stream by it.
        inputs: those that begin the stream.
        blanks: inputs that say nothing, for the requests that go on.
        ahead: how many items are asked for at once.
    """

    model: str
    request: str
    inputs: Mapping[str, Tensor]
    blanks: Mapping[str, Tensor]
    ahead: int


async def items(client: OipClient, ask: Ask, wait: Wait) -> AsyncGenerator[Mapping[str, Tensor]]:
    """The items of a stream, from its begin to its end.

    Raises:
        TaskFailed: as :meth:`OipClient.infer`; and what ``wait`` raises.
    """
    try:
        async with client.stream() as call:
            what, given = BEGIN, ask.ahead
            while given == ask.ahead:
                await call.write(_message(ask, what, ask.ahead))
                what, given = MORE, 0
                while response := await _next(call, ask.model, wait):
                    if response.outputs:
                        given += 1
                        yield tensors_of(response)
                    if _is_final(response):
                        break
    except grpc.aio.AioRpcError as error:
        raise TaskFailed(of_rpc(ask.model, error)) from None


async def leave(client: OipClient, ask: Ask, wait: Wait) -> None:
    """Let a model end a stream that nobody takes any more, so that what its body holds is let go; where it serves another
    one, or none, this only tells that it answers.

    Raises:
        TaskFailed: it does not.
    """
    try:
        async with client.stream() as call:
            await call.write(_message(ask, END, 0))
            await _next(call, ask.model, wait)
    except grpc.aio.AioRpcError as error:
        raise TaskFailed(of_rpc(ask.model, error)) from None


def _message(ask: Ask, what: str, take: int) -> Any:
    message = request_of(ask.model, ask.inputs if what == BEGIN else ask.blanks, ask.request)
    message.parameters[WHAT].string_param = what
    message.parameters[TAKE].int64_param = take
    message.parameters["triton_enable_empty_final_response"].bool_param = True
    return message


async def _next(call: Any, model: str, wait: Wait) -> Any:
    """The next response.

    Raises:
        TaskFailed: the model's own failure, or that of the server.
    """
    response = await wait(call.read())
    if response is _grpc.EOF:
        raise TaskFailed(TaskFailure(kind="unavailable", message=f"{model}: the server ended the stream"))
    if response.error_message:
        raise TaskFailed(of_status(model, grpc.StatusCode.UNKNOWN, response.error_message))
    return response.infer_response


def _is_final(response: Any) -> bool:
    return bool(response.parameters["triton_final_response"].bool_param)
