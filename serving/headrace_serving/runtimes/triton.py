"""Segments on a real Triton server: writes the repository, starts the supervised server, calls through incidents."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from headrace_dags.plan.model import Plan, Segment
from headrace_serving.codec import blank
from headrace_serving.failure import TaskFailed
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.oip import OipClient
from headrace_serving.program import Program
from headrace_serving.runner import PROBE, request_id
from headrace_serving.runtimes.contract import Take, Task, Workplace
from headrace_serving.runtimes.items import Taken, patiently
from headrace_serving.runtimes.limit import limited
from headrace_serving.runtimes.parts import Tensors, in_parts
from headrace_serving.runtimes.together import together
from headrace_serving.runtimes.verdicts import of_answer, of_call, of_start
from headrace_serving.triton.errors import ModelCrashed, ServerFailed
from headrace_serving.triton.housing import Housing, OnMachine
from headrace_serving.triton.plainplace import PlainPlace
from headrace_serving.triton.repository import Repository, write
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.settings import CHANNEL_OPTIONS, ServerSettings
from headrace_serving.triton.stream import Ask, items, leave
from headrace_serving.triton.supervisor import ServerEvent

Served = Program | MapperProgram

_PROBES_IN_FLIGHT = 8
_LEAVE_S = 30.0
_ARGUMENTS = ("--grpc-infer-allocation-pool-size=0",)
"""Else the server keeps the memory of the largest tensors it has seen, several times over. Costs no time."""


@dataclass(frozen=True, slots=True)
class TritonSettings:
    """How the server is run.

    Attributes:
        instances: processes that serve each member model. One is right for steps that are quick, or that use several
            cores by themselves; more of them take as many requests at once, and as many times the memory.
        environment: variables for the steps, over those of the driver.
        arguments: further arguments of tritonserver.
        start_timeout_s: most seconds until every step is set up.
    """

    instances: int = 1
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    arguments: tuple[str, ...] = ()
    start_timeout_s: float = 120.0


class TritonExecutor:
    """An :class:`~headrace_serving.runtimes.contract.Executor` on a server of its own.

    Args:
        plan: what is served.
        workplace: where user code and objects are; the server's log stays in its scratch folder.
        settings: how the server is run.
        on_event: told of repairs and restarts; must not raise.
        housing: where the server runs; as a child of this process where not given.
    """

    def __init__(
        self,
        plan: Plan,
        workplace: Workplace,
        settings: TritonSettings | None = None,
        on_event: Callable[[ServerEvent], None] = lambda _event: None,
        housing: Housing | None = None,
    ) -> None:
        self._housing = housing or OnMachine()
        self.name = self._housing.name
        self._plan = plan
        self._workplace = workplace
        self._settings = settings or TritonSettings()
        self._on_event = on_event
        self._place: PlainPlace | None = None
        self._server: TritonServer | None = None
        self._clients: dict[str, OipClient] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def log(self) -> Path:
        """What the server and the steps print."""
        return self._workplace.scratch / "triton.log"

    @property
    def server(self) -> TritonServer:
        """The running server."""
        assert self._server, "the executor is not entered"
        return self._server

    async def __aenter__(self) -> Self:
        """Start the server and wait until every model answers a probe. Without segments there is none to start.

        Raises:
            EnvironmentLack: the server is not installed, or a port, memory or disk is missing.
            TaskFailed: a step failed to import or to set up (``load``), or lacks something (``environment``).
            ServerDead: the server ended before it was ready.
        """
        if self._plan.served:
            await self._start()
        return self

    async def _start(self) -> None:
        place = self._place = self._housing.place(self._workplace, self.log.name)
        programs: tuple[Served, ...] = ()
        try:
            repository = write(self._plan, place.seen, self._settings.instances)
            programs = repository.programs
            probe = partial(self._probe, programs)
            settings = self._server_settings(repository)
            self._server = TritonServer(settings, probe=probe, on_event=self._on_event, housing=self._housing)
            await self._server.start()
        except BaseException as error:
            await self._stop()
            failure = of_start(error, programs)
            if failure is None:
                raise
            raise TaskFailed(place.told(failure)) from error

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def call(self, task: Task, inputs: Tensors) -> Tensors:
        """Execute one task; see the contract. A body that runs past the limit goes on, but nobody waits for it."""
        segment = self._plan.by_name[task.segment]
        infer = partial(self._infer, segment, request_id(task.prefix, task.id))
        try:
            return await limited(task, segment, in_parts(segment, inputs, infer))
        except TaskFailed as failed:
            failure = of_answer(failed.failure, segment, inputs, self._housing.lack)
            raise TaskFailed(self._place.told(failure) if self._place else failure) from None

    async def stream(self, task: Task, inputs: Tensors, take: Take) -> None:
        """Execute one task on a segment that streams; see the contract. Its model serves one stream at a time."""
        segment = self._plan.by_name[task.segment]
        ask = _ask(segment, request_id(task.prefix, task.id), inputs)
        try:
            await limited(task, segment, self._streamed(segment, ask, Taken(take, task.have)))
        except TaskFailed as failed:
            failure = of_answer(failed.failure, segment, inputs)
            raise TaskFailed(self._place.told(failure) if self._place else failure) from None

    async def _streamed(self, segment: Segment, ask: Ask, taken: Taken) -> None:
        """Run the step; again after each incident that is not its own doing, for what is missing."""
        async with self._turns[segment.name]:
            try:
                await self.server.call(segment.model, lambda: self._items(segment, ask, taken))
            except (ModelCrashed, ServerFailed) as error:
                raise TaskFailed(of_call(error, segment)) from error
            except BaseException:
                self._leave(ask)
                raise

    async def _items(self, segment: Segment, ask: Ask, taken: Taken) -> None:
        index = 0
        async with aclosing(items(self._client(), ask, lambda coming: patiently(segment, coming))) as found:
            async for item in found:
                await taken.give(index, item)
                index += 1

    def _leave(self, ask: Ask) -> None:
        """Let the model end a stream that nobody takes any more; who left it does not wait for that."""
        leaving = asyncio.create_task(self._left(ask))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _left(self, ask: Ask) -> None:
        with suppress(TaskFailed, TimeoutError):
            await leave(self._client(), ask, lambda coming: asyncio.wait_for(coming, _LEAVE_S))

    def _server_settings(self, repository: Repository) -> ServerSettings:
        return ServerSettings(
            repository=repository.folder,
            models=repository.models,
            folder=repository.folder.parent,
            needs=repository.needs,
            environment=self._settings.environment,
            arguments=(*_ARGUMENTS, *self._settings.arguments),
            start_timeout_s=self._settings.start_timeout_s,
        )

    async def _infer(self, segment: Segment, request: str, inputs: Tensors) -> Tensors:
        """Call the segment's model; again after each incident that is not the call's own doing."""
        try:
            return await self.server.call(segment.model, lambda: self._client().infer(segment.model, inputs, request))
        except (ModelCrashed, ServerFailed) as error:
            raise TaskFailed(of_call(error, segment)) from error

    async def _probe(self, programs: tuple[Served, ...]) -> None:
        """Ask every model, so that its process is known to answer; no body runs."""
        await together([partial(self._ask, program) for program in programs], _PROBES_IN_FLIGHT)

    async def _ask(self, program: Served) -> None:
        count = 1 if program.batching else 0
        inputs = {flow.name: blank(flow, count) for flow in program.inputs}
        request = f"{PROBE}{program.name}"
        if isinstance(program, Program) and program.stream:
            await leave(self._client(), Ask(program.name, request, inputs, inputs, 0), _at_leisure)
        else:
            await self._client().infer(program.name, inputs, request)

    def _client(self) -> OipClient:
        """A client of the server where it is now: after a restart that may be another port."""
        address = self.server.endpoint.grpc
        if address not in self._clients:
            self._clients[address] = OipClient(address, CHANNEL_OPTIONS)
        return self._clients[address]

    async def _stop(self) -> None:
        """Stop the server and remove what was made for it, also when interrupted on the way; the log stays."""
        async with AsyncExitStack() as last:
            if self._place:
                last.callback(self._place.remove, "models", "backends", "tmp")
            if self._server:
                last.push_async_callback(self._server.stop)
            for leaving in self._leaving:
                leaving.cancel()
            while self._clients:
                _, client = self._clients.popitem()
                last.push_async_callback(client.close)


def _ask(segment: Segment, request: str, inputs: Tensors) -> Ask:
    blanks = {flow.name: blank(flow, 0) for flow in segment.inputs}
    ahead = segment.stream.ahead if segment.stream else 1
    return Ask(segment.model, request, inputs, blanks, ahead)


async def _at_leisure(coming: Awaitable[Any]) -> Any:
    return await coming
