"""Segments that are endpoints elsewhere: asked at the start what they serve, then called from a few threads each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Self

from headrace_dags.plan.model import Plan, Segment
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.program import program
from headrace_serving.runner import Request, request_id
from headrace_serving.runtimes.contract import Task, Workplace
from headrace_serving.runtimes.importing import importable
from headrace_serving.runtimes.instance import Instance
from headrace_serving.runtimes.limit import limited
from headrace_serving.runtimes.parts import Tensors, in_parts
from headrace_serving.runtimes.together import together


class RemoteExecutor:
    """An :class:`~headrace_serving.runtimes.contract.Executor` of the remote segments of a plan, and of no other.

    The same programs and codecs as behind a server; their body is a client. As many requests of a segment are on their way
    at once as its step's ``concurrency`` says.

    Args:
        plan: whose remote segments are called.
        workplace: where user code and objects are; nothing is written to its scratch folder.
    """

    name = "remote"

    def __init__(self, plan: Plan, workplace: Workplace) -> None:
        self._plan = plan
        self._instances = _instances(plan, workplace)
        self._import_root = workplace.import_root.absolute()
        self._imports = ExitStack()

    async def __aenter__(self) -> Self:
        """Ask every endpoint what it serves.

        Raises:
            TaskFailed: one does not answer, or a secret or address has no value (``environment``); or it serves something
                else than its step declares (``load``).
        """
        self._imports.enter_context(importable(self._import_root))
        try:
            await together([instance.start for instance in self._instances.values()], len(self._instances))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        for instance in self._instances.values():
            await instance.stop()
        self._imports.close()

    async def call(self, task: Task, inputs: Tensors) -> Tensors:
        """Execute one task; see the contract. A request that nobody waits for any more is ended, and its connection closed."""
        segment = self._plan.by_name[task.segment]
        execute = partial(self._execute, segment, request_id(task.prefix, task.id))
        return await limited(task, segment, in_parts(segment, inputs, execute))

    async def _execute(self, segment: Segment, request: str, inputs: Tensors) -> Tensors:
        answer = await self._instances[segment.name].run(Request(request, inputs))
        if isinstance(answer, TaskFailure):
            raise TaskFailed(answer)
        return answer


def _instances(plan: Plan, workplace: Workplace) -> Mapping[str, Instance]:
    found: dict[str, Instance] = {}
    for segment in plan.segments:
        remote = plan.graph.by_name[segment.nodes[0]].step.remote
        if remote:
            (member,) = segment.members
            found[segment.name] = Instance(program(plan, segment.model, member, workplace), remote.concurrency)
    return found
