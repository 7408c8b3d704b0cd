"""Several calls at once: all results in order, or the first failure, with the other calls cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from headrace_serving.failure import TaskFailed

T = TypeVar("T")


async def together(calls: Sequence[Callable[[], Awaitable[T]]], at_most: int) -> list[T]:
    """Make calls concurrently.

    Args:
        calls: each makes one call.
        at_most: how many are on their way at once.

    Raises:
        TaskFailed: the first of them; plain, not in a group.
    """
    slots = asyncio.Semaphore(at_most)

    async def one(call: Callable[[], Awaitable[T]]) -> T:
        async with slots:
            return await call()

    tasks: list[asyncio.Task[T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks.extend(group.create_task(one(call)) for call in calls)
    except ExceptionGroup as group_of_errors:  # not `except*`: some releases of Python 3.11 wrap what is raised in it
        failed = next((each for each in group_of_errors.exceptions if isinstance(each, TaskFailed)), None)
        if failed is None:
            raise
        raise failed from None
    return [task.result() for task in tasks]
