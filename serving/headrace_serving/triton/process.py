"""A server process and its keeper, as the driver sees them: start, how it ended, stop. Knows nothing of Triton."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from headrace_serving.triton import keeper

_KEEPER_LIMIT_S = 8.0
_SWEEP_LIMIT_S = 2.0
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """What to start.

    Attributes:
        arguments: the binary and its arguments.
        environment: all variables of the server.
        log: file that receives its standard output and error, appended; ``None`` for our own standard error.
        python: interpreter of the keeper.
        region_prefix: begin of the names of its shared memory regions; they are removed when it has ended.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path | None
    python: Path
    region_prefix: str


def ending(code: int) -> str:
    """How a process ended, for a sentence that begins with it: ``was killed by SIGKILL``, ``ended with code 1``."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


class ServerProcess:
    """A running server.

    Attributes:
        pid: the server's process id (its parent is the keeper).
        exited: set as soon as the server has ended by itself or was killed; says how.
    """

    def __init__(self, keeper_process: asyncio.subprocess.Process, pid: int, region_prefix: str) -> None:
        self.pid = pid
        self.exited: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._keeper = keeper_process
        self._region_prefix = region_prefix
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def spawn(cls, command: ServerCommand) -> Self:
        """Start the keeper, which starts the server."""
        keeper_process = await _spawn_keeper(command)
        assert keeper_process.stdout
        try:
            first = await keeper_process.stdout.readline()
        except BaseException:
            await cls(keeper_process, 0, command.region_prefix).stop(grace_s=0)
            raise
        return cls(keeper_process, int(first.split()[1]) if first else 0, command.region_prefix)

    async def stop(self, grace_s: float) -> None:
        """Ask the server to stop, kill it after ``grace_s`` seconds; returns when server, stubs and regions are gone.

        May be repeated. When cancelled it kills at once, and is still done when it raises.
        """
        stopping = asyncio.ensure_future(self._stop(grace_s))
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            self.kill()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
            raise

    def kill(self) -> None:
        """Kill the server and all it started; the keeper finishes by itself, even when the driver is gone by then."""
        _order(self._keeper, keeper.KILL)

    async def gone(self) -> None:
        """Wait until server, stubs and regions are gone; kills a keeper that does not manage."""
        try:
            await asyncio.wait_for(self._keeper.wait(), _KEEPER_LIMIT_S)
        except TimeoutError:
            self._keeper.kill()
            await self._keeper.wait()
        await asyncio.wait({self._listener})
        if self._keeper.returncode:
            await self._sweep()

    async def _sweep(self) -> None:
        """Do what a keeper that was killed could not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SWEEP_LIMIT_S):
                while orphans := list(keeper.session(self._keeper.pid)):
                    for pid in orphans:
                        with contextlib.suppress(ProcessLookupError, PermissionError):
                            os.kill(pid, signal.SIGKILL)
                    await asyncio.sleep(_LOOK_S)
        keeper.remove_regions(self._region_prefix)

    async def _stop(self, grace_s: float) -> None:
        if grace_s:
            _order(self._keeper, keeper.TERMINATE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._keeper.wait(), grace_s)
        self.kill()
        await self.gone()

    async def _listen(self) -> None:
        assert self._keeper.stdout
        line = await self._keeper.stdout.readline()
        how = ending(int(line.split()[1])) if line else "was ended"
        if not self.exited.done():
            self.exited.set_result(how)


async def _spawn_keeper(command: ServerCommand) -> asyncio.subprocess.Process:
    script = (str(command.python), "-I", "-S", keeper.__file__, str(os.getpid()), command.region_prefix)
    with command.log.open("ab") if command.log else contextlib.nullcontext() as log:
        return await asyncio.create_subprocess_exec(
            *script,
            *command.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=command.environment,
            start_new_session=True,  # Ctrl-C in a terminal reaches the driver alone, which then stops us in order
        )


def _order(keeper_process: asyncio.subprocess.Process, letter: bytes) -> None:
    pipe = keeper_process.stdin
    if keeper_process.returncode is None and pipe and not pipe.is_closing():
        pipe.write(letter)
