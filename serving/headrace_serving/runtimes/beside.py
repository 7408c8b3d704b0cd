"""Two executors as one: the remote segments of a plan beside those that are served."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Self

from headrace_dags.plan.model import Plan
from headrace_serving.runtimes.contract import Executor, Take, Task, Workplace
from headrace_serving.runtimes.parts import Tensors
from headrace_serving.runtimes.remote import RemoteExecutor


def with_remotes(plan: Plan, workplace: Workplace, own: Executor) -> Executor:
    """An executor of all segments of a plan.

    Args:
        plan: its remote segments are called as their steps say.
        workplace: where user code and objects are.
        own: executes the others.
    """
    return own if len(plan.served) == len(plan.segments) else Beside(plan, own, RemoteExecutor(plan, workplace))


class Beside:
    """An :class:`~headrace_serving.runtimes.contract.Executor` that gives each task to one of two others.

    Args:
        plan: says which segments are remote.
        own: executes the others.
        remote: executes the remote ones.
    """

    def __init__(self, plan: Plan, own: Executor, remote: RemoteExecutor) -> None:
        self._plan, self._own, self._remote = plan, own, remote
        self._both = AsyncExitStack()
        self.name = own.name

    async def __aenter__(self) -> Self:
        """Start both; the endpoints are asked first, for that is quick and may be all there is to say."""
        async with AsyncExitStack() as starting:
            await starting.enter_async_context(self._remote)
            await starting.enter_async_context(self._own)
            self._both = starting.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._both.aclose()

    async def call(self, task: Task, inputs: Tensors) -> Tensors:
        """Execute one task; see the contract."""
        executor = self._remote if self._plan.by_name[task.segment].is_remote else self._own
        return dict(await executor.call(task, inputs))

    async def stream(self, task: Task, inputs: Tensors, take: Take) -> None:
        """Execute one task on a segment that streams, which no remote one does; see the contract."""
        await self._own.stream(task, inputs, take)
