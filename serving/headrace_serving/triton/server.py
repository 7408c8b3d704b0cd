"""The real Triton server as a supervised child: start, call through incidents, stop. Knows nothing of graphs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from headrace_serving.triton.calls import answered
from headrace_serving.triton.errors import PortConflict, ServerDead, ServerStopped
from headrace_serving.triton.gate import Epoch, Gate
from headrace_serving.triton.housing import Housing, OnMachine
from headrace_serving.triton.incarnation import Incarnation, Probe
from headrace_serving.triton.ports import PortTaken, free_ports, is_taken
from headrace_serving.triton.settings import Endpoint, ServerSettings
from headrace_serving.triton.supervisor import ServerEvent, Supervisor

T = TypeVar("T")

_PORT_ATTEMPTS = 5


class TritonServer:
    """A server on the loopback interface that serves the named models until it is stopped.

    An asynchronous context manager: entering starts, leaving stops. It cannot outlive the process that started it,
    however that ends.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        probe: Probe | None = None,
        on_event: Callable[[ServerEvent], None] = lambda _event: None,
        housing: Housing | None = None,
    ) -> None:
        """Prepare a server; nothing is started.

        Args:
            settings: what to start and how.
            probe: a real inference, made directly at :attr:`endpoint` before the server counts as ready, at every
                start; raises when it fails. It must not use :meth:`call`, which waits for readiness.
            on_event: told of repairs, restarts and defeats; must not raise.
            housing: where it runs; as a child of this process where not given.
        """
        self._settings = settings
        self._probe = probe
        self._on_event = on_event
        self._housing = housing or OnMachine()
        self._endpoint: Endpoint | None = None
        self._supervisor: Supervisor | None = None
        self._supervising: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def endpoint(self) -> Endpoint:
        """Where the server answers: set before the probe runs, the same after a restart unless a port was taken meanwhile."""
        if self._endpoint is None:
            raise ServerStopped
        return self._endpoint

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running.incarnation.pid

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that is loaded, members of ensembles included."""
        return tuple(self._running.gates)

    async def start(self) -> None:
        """Start, and wait until every model has loaded and the probe has passed.

        Raises:
            EnvironmentLack: something is missing on this machine: the wheel, a library, memory, disk, a port.
            ModelLoadFailed: models that did not load, with their tracebacks.
            ModelCrashed: a model's process died at the probe.
            StartTimedOut, ServerDead: as their docstrings say.
            Exception: whatever the probe raises.
        """
        if self._supervisor:
            raise RuntimeError("a server starts once; make another")
        await self._housing.require(self._settings)
        first = await self._launch()
        self._supervisor = Supervisor(first, self._launch, self._on_event, self._dead)
        self._supervising = asyncio.create_task(self._supervisor.supervise())
        self._supervising.add_done_callback(self._unsupervised)

    async def stop(self) -> None:
        """Stop; leaves no process, no shared memory and no port. May be repeated; kills at once when cancelled.

        Calls that wait get :class:`ServerStopped`. A start that is under way is ended by cancelling it, not by this.
        """
        supervisor, supervising = self._supervisor, self._supervising
        if supervisor is None or supervising is None:
            return
        supervisor.fail(ServerStopped())
        supervising.cancel()
        try:
            await asyncio.wait({supervising})
            await supervisor.incarnation.stop()
        except asyncio.CancelledError:
            await supervisor.incarnation.kill()
            await asyncio.wait({supervising})  # perhaps in the middle of a restart, whose server it ends
            raise

    async def call(self, model: str, attempt: Callable[[], Awaitable[T]], *, max_incidents: int = 4) -> T:
        """The result of ``attempt``, made again when a process that it depends on dies meanwhile.

        Waits while the model is being repaired. At an incident the attempt is cancelled at once: Triton would fail
        what is queued on a dead stub one by one, a second each. From the third attempt on the call is let through
        alone, so that one which kills its model's process is found out and takes no other with it.

        Args:
            model: the model that ``attempt`` calls.
            attempt: makes one call, at :attr:`endpoint`; called anew for each attempt.
            max_incidents: after so many the call itself is taken for the cause.

        Raises:
            ModelCrashed: the call is taken for the cause, or the model's process dies however it is repaired.
            ServerDead, ServerStopped: nobody will answer.
            Exception: whatever else ``attempt`` raises.
        """
        return await answered(model, self._gate(model), attempt, self._hangs, max_incidents)

    async def wait_ready(self, model: str) -> Epoch:
        """Wait until ``model`` answers; the epoch's ``incident`` is set the moment it ends.

        Raises:
            ModelCrashed, ServerDead, ServerStopped: it will not answer again.
        """
        return await self._gate(model).wait()

    @property
    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise ServerStopped
        return self._supervisor

    def _gate(self, model: str) -> Gate:
        gates = self._running.gates
        if model not in gates:
            raise ValueError(f"model {model} is not loaded; loaded are {', '.join(gates)}")
        return gates[model]

    def _hangs(self, model: str) -> None:
        self._running.incarnation.end_stubs(model)

    async def _launch(self) -> Incarnation:
        """Start a server; again on other ports where another process took one between the choice and the start."""
        for _ in range(_PORT_ATTEMPTS):
            self._endpoint = self._choose_ports()
            try:
                return await Incarnation.start(self._settings, self._housing, self._endpoint, self._probe)
            except PortConflict as conflict:
                self._refuse_fixed(conflict.port)
        raise self._dead(f"found its ports in use {_PORT_ATTEMPTS} times", "")

    def _choose_ports(self) -> Endpoint:
        """The ports of before where they are free, so that clients find a restarted server where it was."""
        chosen = free_ports(2)
        before = self._endpoint or Endpoint(0, 0)
        grpc_port, metrics_port = (
            fixed or (earlier if earlier and not is_taken(earlier) else free)
            for fixed, earlier, free in zip(self._fixed, (before.grpc_port, before.metrics_port), chosen, strict=True)
        )
        for port in filter(is_taken, self._fixed):
            raise PortTaken(port)
        return Endpoint(grpc_port, metrics_port)

    @property
    def _fixed(self) -> tuple[int, int]:
        return self._settings.grpc_port, self._settings.metrics_port

    def _refuse_fixed(self, port: int) -> None:
        if port in self._fixed:
            raise PortTaken(port) from None

    def _dead(self, how: str, excerpt: str) -> ServerDead:
        return ServerDead(how, self._settings.log, excerpt)

    def _unsupervised(self, supervising: asyncio.Task[None]) -> None:
        """Let nobody wait for ever should supervision itself break."""
        with contextlib.suppress(asyncio.CancelledError):
            error = supervising.exception()
            if error:
                self._running.fail(self._dead(f"supervision broke: {error!r}", ""))
