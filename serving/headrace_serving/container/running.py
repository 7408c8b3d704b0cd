"""A server in a container, as the driver sees it: orders go in, news come out, and in the end the container is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.container.asking import unanswered
from headrace_serving.container.command import Container, remove_command, run_command
from headrace_serving.container.engine import Engine
from headrace_serving.container.leftovers import Lock
from headrace_serving.container.orders import News, Order, Server
from headrace_serving.triton.process import ending
from headrace_serving.triton.stubs import Stub

T = TypeVar("T")

_END_LIMIT_S = 10.0
_REMOVE_LIMIT_S = 20.0
_LONGEST_NEWS = 16 << 20


class RunningContainer:
    """A :class:`~headrace_serving.triton.housing.Running` in a container; see the contract.

    Args:
        engine: runs it.
        name: of the container.
        client: the engine's program, attached to the container.
        lock: held while the container may be there.
    """

    def __init__(self, engine: Engine, name: str, client: asyncio.subprocess.Process, lock: Lock) -> None:
        loop = asyncio.get_running_loop()
        self.pid = 0
        self.exited: asyncio.Future[str] = loop.create_future()
        self.on_stub_death: Callable[[Stub, str], None] = lambda _stub, _how: None
        self._engine, self._name, self._client, self._lock = engine, name, client, lock
        self._started: asyncio.Future[tuple[Problem, ...]] = loop.create_future()
        self._listening = asyncio.Event()
        self._adopted: asyncio.Queue[Mapping[str, int]] = asyncio.Queue()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, engine: Engine, container: Container, server: Server, log: Path, lock: Lock) -> Self:
        """Run a container, and start the server in it.

        Args:
            engine: runs it.
            container: what to run.
            server: what to start in it.
            log: file that receives all that is printed in it, and what the engine says, appended.
            lock: says that we live; let go of when the container is gone.

        Raises:
            EnvironmentLack: the image or the container lacks what the server needs, or the engine does not answer.
        """
        with log.open("ab") as output:
            client = await asyncio.create_subprocess_exec(
                *run_command(engine, container),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                limit=_LONGEST_NEWS,
                start_new_session=True,  # Ctrl-C in a terminal reaches the driver alone, which then stops us in order
            )
        running = cls(engine, container.name, client, lock)
        try:
            running._order(Order(do="start", server=server))
            async with asyncio.timeout(server.start_timeout_s):
                await running._start_told()
        except TimeoutError:
            await running.stop(grace_s=0)
            raise unanswered(engine, f"{engine.kind} run", server.start_timeout_s) from None
        except BaseException:
            await running.stop(grace_s=0)
            raise
        return running

    @property
    def code(self) -> int | None:
        """Exit code of the engine's program; ``None`` while the container runs."""
        return self._client.returncode

    async def _start_told(self) -> None:
        """Wait until the server was started, or nothing will come of it."""
        lacks = await self._unless_exited(asyncio.shield(self._started))  # it is told, too, where nobody waits any more
        if lacks:
            raise EnvironmentLack(lacks)

    async def listening(self) -> None:
        """See the contract. Asked inside: the engine opens the port on this machine long before the server does."""
        await self._unless_exited(self._listening.wait())

    async def adopt(self) -> Mapping[str, int]:
        """See the contract."""
        self._order(Order(do="adopt"))
        return await self._unless_exited(self._adopted.get()) or {}

    def retire(self, model: str) -> None:
        """See the contract."""
        self._order(Order(do="retire", model=model))

    def end_stubs(self, model: str) -> None:
        """See the contract."""
        self._order(Order(do="end-stubs", model=model))

    async def stop(self, grace_s: float) -> None:
        """See the contract."""
        stopping = asyncio.ensure_future(self._stop(grace_s))
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            self._hang_up()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
            raise

    async def _stop(self, grace_s: float) -> None:
        if grace_s:
            self._order(Order(do="stop", grace_s=grace_s))
        else:
            self._hang_up()
        try:
            await asyncio.wait_for(self._client.wait(), grace_s + _END_LIMIT_S)
        except TimeoutError:
            await self._remove()
        await asyncio.wait({self._listener})
        self._lock.release()

    async def _remove(self) -> None:
        """End a container that does not end by itself, and the program that waits for it."""
        removing = await asyncio.create_subprocess_exec(
            *remove_command(self._engine, self._name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(removing.wait(), _REMOVE_LIMIT_S)
        for process in (removing, self._client):
            if process.returncode is None:
                process.kill()
                await process.wait()

    def _order(self, order: Order) -> None:
        pipe = self._client.stdin
        if self._client.returncode is None and pipe and not pipe.is_closing():
            pipe.write(f"{order.model_dump_json(exclude_defaults=True)}\n".encode())

    def _hang_up(self) -> None:
        """The end of orders ends the server and its container at once."""
        if self._client.stdin:
            self._client.stdin.close()

    async def _unless_exited(self, awaited: Awaitable[T]) -> T | None:
        waiting = asyncio.ensure_future(awaited)
        try:
            ends: set[asyncio.Future[Any]] = {waiting, self.exited}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else None
        finally:
            waiting.cancel()

    async def _listen(self) -> None:
        assert self._client.stdout
        async for line in self._client.stdout:
            with contextlib.suppress(ValidationError):  # an image may print lines of its own where Python starts
                self._heed(News.model_validate_json(line))
        self._exit(f"went with its container, which {ending(await self._client.wait())}")

    def _heed(self, news: News) -> None:
        match news.say:
            case "lacking":
                lacks = (
                    Problem(each.code, f"{each.where}, in the image", each.expected, each.got, each.write)
                    for each in news.lacks
                )
                self._started.set_result(tuple(lacks))
            case "started":
                self.pid = news.pid
                self._started.set_result(())
            case "listening":
                self._listening.set()
            case "adopted":
                self._adopted.put_nowait(news.stubs)
            case "died":
                self.on_stub_death(Stub(news.pid, news.model, news.region), news.how)
            case "exited":
                self._exit(news.how)

    def _exit(self, how: str) -> None:
        if not self.exited.done():
            self.exited.set_result(how)
