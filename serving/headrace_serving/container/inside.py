"""The part inside the container: starts the server as a child and watches it and its stubs, where their processes are seen.

Run as ``python3 -m headrace_serving.container.inside``. Takes orders on standard input and tells news on standard output;
whatever the server and its models print goes to standard error. It ends, and the container with it, when orders end: so a
container does not outlive its driver.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from headrace_dags.errors import EnvironmentLack
from headrace_serving.container.memory import killed_for_memory
from headrace_serving.container.orders import Lack, News, Order, Server
from headrace_serving.container.settings import ANY_ADDRESS, GRPC_PORT, METRICS_PORT
from headrace_serving.triton.command import server_command
from headrace_serving.triton.host import Host
from headrace_serving.triton.housing import RunningChild
from headrace_serving.triton.probe import locate
from headrace_serving.triton.process import ServerCommand, ServerProcess
from headrace_serving.triton.settings import Endpoint, ServerSettings
from headrace_serving.triton.stubs import Stub

_LONGEST_ORDER = 16 << 20


async def attend() -> None:
    """Start the server that is ordered, and attend to it until it is stopped or orders end."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # what `docker stop` sends
    orders = asyncio.StreamReader(limit=_LONGEST_ORDER)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    first = await orders.readline()
    if first:
        with contextlib.suppress(asyncio.CancelledError):
            await _serve(Order.model_validate_json(first), orders)


async def _serve(first: Order, orders: asyncio.StreamReader) -> None:
    assert first.server
    try:
        command = _command(first.server)
    except EnvironmentLack as lack:
        lacks = (Lack(code=p.code, where=p.where, expected=p.expected, got=p.got, write=p.write) for p in lack.problems)
        _say(News(say="lacking", lacks=tuple(lacks)))
        return
    running = RunningChild(await ServerProcess.spawn(command), GRPC_PORT)
    running.on_stub_death = Deaths().tell
    running.exited.add_done_callback(lambda exited: _say(News(say="exited", how=exited.result())))
    _say(News(say="started", pid=running.pid))
    listening = asyncio.create_task(_listening(running))
    try:
        await _obey(orders, running)
    finally:
        listening.cancel()
        await running.stop(grace_s=0)


def _command(server: Server) -> ServerCommand:
    """What to start: as on a machine, but reachable from outside and without a log of its own.

    Raises:
        EnvironmentLack: the image lacks something.
    """
    settings = ServerSettings(
        repository=Path(server.repository),
        models=server.models,
        folder=Path(server.folder),
        environment=server.environment,
        arguments=server.arguments,
        start_timeout_s=server.start_timeout_s,
        exit_timeout_s=server.exit_timeout_s,
    )
    parts = locate(replace(Host.current(), client=True))  # nobody calls the server from in here
    endpoint = Endpoint(GRPC_PORT, METRICS_PORT)
    return replace(server_command(settings, parts, endpoint, server.identity, ANY_ADDRESS), log=None)


async def _listening(running: RunningChild) -> None:
    await running.listening()
    if not running.exited.done():
        _say(News(say="listening"))


async def _obey(orders: asyncio.StreamReader, running: RunningChild) -> None:
    """Do as ordered, one after the other."""
    while line := await orders.readline():
        order = Order.model_validate_json(line)
        match order.do:
            case "adopt":
                _say(News(say="adopted", stubs=_plain(await running.adopt())))
            case "retire":
                running.retire(order.model)
            case "end-stubs":
                running.end_stubs(order.model)
            case _:
                await running.stop(order.grace_s)
                return


class Deaths:
    """Tells of stubs that died, and whether it was for want of memory: the kernel's SIGKILL looks like anybody's."""

    def __init__(self) -> None:
        self._for_memory = killed_for_memory()

    def tell(self, stub: Stub, how: str) -> None:
        """Tell of one."""
        before, self._for_memory = self._for_memory, killed_for_memory()
        why = " for want of memory (setting container_memory)" if self._for_memory > before else ""
        _say(News(say="died", pid=stub.pid, model=stub.model, region=stub.region, how=f"{how}{why}"))


def _plain(stubs: Mapping[str, int]) -> dict[str, int]:
    return dict(stubs)


def _say(news: News) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{news.model_dump_json(exclude_defaults=True)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(attend())
