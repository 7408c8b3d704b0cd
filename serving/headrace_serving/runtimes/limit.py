"""The start-to-finish limit of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from headrace_dags.plan.model import Segment
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Task

T = TypeVar("T")


async def limited(task: Task, segment: Segment, work: Awaitable[T]) -> T:
    """The result of ``work``, which is cancelled when it takes longer than the task may.

    Raises:
        TaskFailed: ``timeout``; it names the node where the segment has only one.
    """
    limit = asyncio.timeout(task.deadline_s)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        node = segment.nodes[0] if len(segment.nodes) == 1 else ""
        text = f"{segment.name} took longer than {task.deadline_s:g} s"
        raise TaskFailed(TaskFailure(kind="timeout", node=node, message=text)) from None
