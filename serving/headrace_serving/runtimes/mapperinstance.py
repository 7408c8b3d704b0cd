"""A mapper in this process: the same drive as behind a server, its calls made on the executor's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial

from headrace_dags.plan.model import Call
from headrace_serving.failure import TaskFailed
from headrace_serving.mapper.drive import Drive
from headrace_serving.mapper.job import Outcome, ServerSaid
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.runner import Answer, Request
from headrace_serving.runtimes.parts import Tensors

MakeCall = Callable[[Call, Request], Awaitable[Tensors]]
"""Makes one call of a mapper; raises TaskFailed."""

_JOIN_S = 1.0


class MapperInstance:
    """Loads a mapper and runs its requests; stages one after another in a thread of its own.

    Args:
        program: what it runs and calls.
        call: makes one of its calls.
    """

    def __init__(self, program: MapperProgram, call: MakeCall) -> None:
        self._calls: Mapping[str, Call] = dict(zip(program.models, program.calls, strict=True))
        self._call = call
        self._drive = Drive(program, self._begin)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Wait until the stages are loaded.

        Raises:
            TaskFailed: a step failed to import.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.wrap_future(self._drive.start())

    async def run(self, request: Request) -> Answer:
        """The answer to one request; when cancelled no further call is made for it."""
        answer: Future[Answer] = Future()
        self._drive.run(request, partial(_answered, answer), answer.cancelled)
        return await asyncio.wrap_future(answer)

    async def stop(self) -> None:
        """End the thread; one that is inside a body is left behind."""
        await asyncio.to_thread(self._drive.stop, _JOIN_S)

    def _begin(self, model: str, request: Request) -> Future[Outcome]:
        assert self._loop
        return asyncio.run_coroutine_threadsafe(self._called(self._calls[model], request), self._loop)

    async def _called(self, call: Call, request: Request) -> Outcome:
        try:
            return await self._call(call, request)
        except TaskFailed as failed:
            return failed.failure


def _answered(answer: Future[Answer], outcome: Outcome) -> None:
    assert not isinstance(outcome, ServerSaid)
    with suppress(InvalidStateError):  # cancelled meanwhile
        answer.set_result(outcome)
