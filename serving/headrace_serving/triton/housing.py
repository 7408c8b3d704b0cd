"""Where a server and its stubs run: the contract, and the variant that needs nothing, a child process on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol

from headrace_dags.errors import EnvironmentLack
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton.command import server_command
from headrace_serving.triton.plainplace import PlainPlace
from headrace_serving.triton.ports import LOOPBACK
from headrace_serving.triton.probe import Installation, locate
from headrace_serving.triton.process import ServerProcess
from headrace_serving.triton.settings import Endpoint, ServerSettings
from headrace_serving.triton.shm import require_disk, require_shared_memory, shared_memory_lack
from headrace_serving.triton.stubs import Stub, StubWatch

LOOK_S = 0.02
"""How often a port is tried that is expected to open soon."""


class Running(Protocol):
    """A server that was started, and the stubs of its models.

    Attributes:
        pid: the server's process id, where it runs.
        exited: set as soon as the server has ended by itself or was killed; says how.
        on_stub_death: told of each watched stub that dies, and how; set by whoever started the server.
    """

    pid: int
    exited: asyncio.Future[str]
    on_stub_death: Callable[[Stub, str], None]

    async def listening(self) -> None:
        """Wait until the server takes connections, or has ended."""
        ...

    async def adopt(self) -> Mapping[str, int]:
        """Watch the stubs that came since the last call; how many living ones each model has."""
        ...

    def retire(self, model: str) -> None:
        """Forget the stubs of ``model``: after an unload they live a second more, and their end is not a crash."""
        ...

    def end_stubs(self, model: str) -> None:
        """Kill the stubs of ``model``; their deaths are told."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Ask the server to stop, kill it after ``grace_s`` seconds; returns when nothing of it is left.

        May be repeated. When cancelled it kills at once, and is still done when it raises.
        """
        ...


class Housing(Protocol):
    """Where servers run. Each start makes a :class:`Running` of its own."""

    name: str
    """Of the runtime."""

    def place(self, workplace: Workplace, log: str) -> PlainPlace:
        """The workplace as the server will see it.

        Args:
            workplace: its scratch folder is made.
            log: name of the file in it that the server's output goes to.

        Raises:
            EnvironmentLack: a folder cannot be made.
        """
        ...

    async def require(self, settings: ServerSettings) -> None:
        """Look for all that a start needs, and make what can be made beforehand.

        Raises:
            EnvironmentLack: something is missing on this machine.
        """
        ...

    async def start(self, settings: ServerSettings, endpoint: Endpoint, identity: str) -> Running:
        """Start a server.

        Args:
            settings: what is wanted.
            endpoint: ports of the loopback interface that are thought to be free.
            identity: a name that no other server bears.

        Raises:
            EnvironmentLack: it cannot be started here.
        """
        ...

    def lack(self, message: str) -> EnvironmentLack | None:
        """The error to show where ``message``, of a failed load or call, says that shared memory ran out; else ``None``."""
        ...


class OnMachine:
    """The server of the wheel as a child of this process.

    Args:
        parts: the parts of the server; found by :func:`locate` where not given.
    """

    name = "triton"

    def __init__(self, parts: Installation | None = None) -> None:
        self._parts = parts

    def place(self, workplace: Workplace, log: str) -> PlainPlace:
        """See the contract."""
        return PlainPlace.of(workplace, log)

    async def require(self, settings: ServerSettings) -> None:
        """See the contract."""
        require_disk(settings.folder, settings.reserve_disk_bytes)
        require_shared_memory(len(settings.models), settings.reserve_shm_bytes)
        self._parts = self._parts or locate()

    async def start(self, settings: ServerSettings, endpoint: Endpoint, identity: str) -> RunningChild:
        """See the contract."""
        parts = self._parts or locate()
        process = await ServerProcess.spawn(server_command(settings, parts, endpoint, identity))
        return RunningChild(process, endpoint.grpc_port)

    def lack(self, message: str) -> EnvironmentLack | None:
        """See the contract."""
        return shared_memory_lack(message)


class RunningChild:
    """A :class:`Running` on this machine; see the contract.

    Args:
        process: the server.
        port: the port of the loopback interface that it will listen on.
    """

    def __init__(self, process: ServerProcess, port: int) -> None:
        self.pid = process.pid
        self.exited = process.exited
        self.on_stub_death: Callable[[Stub, str], None] = lambda _stub, _how: None
        self._process, self._port = process, port
        self._stubs = StubWatch(process.pid, self._tell)

    async def listening(self) -> None:
        """See the contract. Triton opens its port when the models have loaded or failed."""
        while not self.exited.done():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(LOOPBACK, self._port)
                writer.close()
                return
            await asyncio.wait({self.exited}, timeout=LOOK_S)

    async def adopt(self) -> Mapping[str, int]:
        """See the contract."""
        self._stubs.adopt()
        return self._stubs.count()

    def retire(self, model: str) -> None:
        """See the contract."""
        self._stubs.retire(model)

    def end_stubs(self, model: str) -> None:
        """See the contract."""
        self._stubs.kill(model)

    def _tell(self, stub: Stub, how: str) -> None:
        self.on_stub_death(stub, how)

    async def stop(self, grace_s: float) -> None:
        """See the contract."""
        try:
            await self._process.stop(grace_s)
        finally:
            self._stubs.end()
