"""Items of a stream on their way to who takes them: each once, however often its step is run, and none waited for for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from headrace_dags.plan.model import Segment
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Take
from headrace_serving.runtimes.parts import Tensors

T = TypeVar("T")


class Taken:
    """Gives items on that were not taken before.

    Args:
        take: takes an item.
        have: how many are there already.
    """

    def __init__(self, take: Take, have: int) -> None:
        self._take = take
        self._have = have

    async def give(self, index: int, item: Tensors) -> None:
        """Give an item of this run of the step on; waits until it is taken."""
        if index >= self._have:
            await self._take(index, item)
            self._have = index + 1


async def patiently(segment: Segment, coming: Awaitable[T]) -> T:
    """What comes next of a stream.

    Raises:
        TaskFailed: ``timeout``: it does not come within the segment's idle time.
    """
    idle_s = segment.stream.idle_s if segment.stream else None
    limit = asyncio.timeout(idle_s)
    try:
        async with limit:
            return await coming
    except TimeoutError:
        if not limit.expired():
            raise
        node = segment.outputs[0].use.node
        text = f"{node} gave no item for {idle_s:g} s; with_(idle=...) allows more"
        raise TaskFailed(TaskFailure(kind="timeout", node=node, message=text)) from None
