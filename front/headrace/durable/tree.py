"""The processes of `up`: started, started again when they die, ended together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from headrace.durable.work import READY
from headrace_dags.errors import Exit

_FINAL = frozenset({Exit.BAD_INPUT, Exit.ENVIRONMENT, Exit.PLAN_REFUSED})
"""What is wrong then is wrong the next time, too; so is whatever ended a process that never took work."""
_ENDED = "Interrupted."
"""What a process says that was asked to end; here nobody wants to hear it."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _WELL_S = 0.5, 10.0, 30.0
_GRACE_S = 40.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process to be kept.

    Attributes:
        name: what its lines begin with.
        words: its command line, behind ``headrace``.
    """

    name: str
    words: tuple[str, ...]


class ChildFailed(Exception):
    """Raised when a process cannot be kept: it said why, and ended with this exit code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


@dataclass
class Tree:
    """The processes.

    Attributes:
        children: what is kept.
        say: takes a line for a person: whose it is, and the text.
        ready: is told once each of them takes work.
    """

    children: Sequence[Child]
    say: Callable[[str, str], None]
    ready: Callable[[], None]
    _waiting: set[str] = field(default_factory=set[str], init=False)

    async def keep(self) -> None:
        """Keep all of them until cancelled; then they finish what they began, and end.

        Raises:
            ChildFailed: one cannot be started.
        """
        self._waiting = {child.name for child in self.children}
        tasks = [asyncio.create_task(self._keep(child)) for child in self.children]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _keep(self, child: Child) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            begun_s = time.monotonic()
            code = await self._live(child)
            if code in _FINAL or (code > 0 and child.name in self._waiting):
                raise ChildFailed(code)
            pause_s = _FIRST_PAUSE_S if time.monotonic() - begun_s > _WELL_S else min(2 * pause_s, _LONGEST_PAUSE_S)
            self.say(child.name, f"ended ({_told(code)}); it is started again in {pause_s:g} s")
            await asyncio.sleep(pause_s)

    async def _live(self, child: Child) -> int:
        """The life of one process, and how it ended."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "headrace",
            *child.words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process, which ends them in order
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        telling = asyncio.create_task(self._tell(child, process.stderr))
        try:
            return await process.wait()
        finally:
            await self._end(process)
            await telling

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Ask a process to end, and make it, if it does not."""
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _tell(self, child: Child, stream: asyncio.StreamReader | None) -> None:
        """Pass on what a process says."""
        while stream and (line := await _line(stream)):
            text = line.decode(errors="replace").rstrip("\n")
            if text.strip() not in {READY, _ENDED}:
                self.say(child.name, text)
            elif text.strip() == READY and child.name in self._waiting:
                self._waiting.remove(child.name)
                if not self._waiting:
                    self.ready()


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or as much of it as a line may have; nothing at the end."""
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader keeps
        return await stream.read(1 << 16)


def _told(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
