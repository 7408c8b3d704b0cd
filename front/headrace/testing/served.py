"""Which executor a test's run gets: a fresh one in process, or a Triton server that is kept while the plan stays the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from headrace_dags.plan.model import Plan
from headrace_serving.runtimes.contract import Executor, Workplace


class Served(Protocol):
    """Lends executors, one at a time."""

    def lent(self, plan: Plan, workplace: Workplace) -> AbstractAsyncContextManager[Executor]:
        """An executor that serves ``plan``, for one run."""
        ...

    async def close(self) -> None:
        """Stop whatever is kept."""
        ...


class InProcess:
    """A fresh executor for each run: class steps are set up anew, and what a test patches in their modules is patched."""

    @asynccontextmanager
    async def lent(self, plan: Plan, workplace: Workplace) -> AsyncGenerator[Executor]:
        """An executor of its own."""
        from headrace_serving.runtimes.beside import with_remotes
        from headrace_serving.runtimes.inprocess import InProcessExecutor

        async with with_remotes(plan, workplace, InProcessExecutor(plan, workplace)) as executor:
            yield executor

    async def close(self) -> None:
        """Nothing is kept."""


class OnTriton:
    """One server, kept for the next run of the same plan from the same folder; another plan takes its place.

    Servers side by side would hold the memory of all models of a session at once.
    """

    def __init__(self) -> None:
        self._kept: Executor | None = None
        self._serves: tuple[str, Path] | None = None

    @asynccontextmanager
    async def lent(self, plan: Plan, workplace: Workplace) -> AsyncGenerator[Executor]:
        """The server that is there, or one started for it."""
        wanted = plan.digest, workplace.import_root
        if self._kept is None or self._serves != wanted:
            await self.close()
            self._kept = await self._started(plan, workplace)
            self._serves = wanted
        yield self._kept

    async def close(self) -> None:
        """Stop the server, if there is one."""
        kept, self._kept = self._kept, None
        if kept:
            await kept.__aexit__()

    async def _started(self, plan: Plan, workplace: Workplace) -> Executor:
        from headrace_serving.runtimes.beside import with_remotes
        from headrace_serving.runtimes.triton import TritonExecutor

        executor = with_remotes(plan, workplace, TritonExecutor(plan, workplace, on_event=self._heard))
        await executor.__aenter__()
        return executor

    def _heard(self, event: object) -> None:
        """A server that gave up a model answers nobody any more: the next run gets another one."""
        from headrace_serving.triton.supervisor import GaveUp

        if isinstance(event, GaveUp):
            self._serves = None
