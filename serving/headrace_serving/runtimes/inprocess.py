"""Segments in this process: the same programs and the same codec as behind a server, without the server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from headrace_dags.plan.model import Member, Plan, Segment
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.program import program
from headrace_serving.runner import Request, request_id
from headrace_serving.runtimes.contract import Take, Task, Workplace
from headrace_serving.runtimes.instance import Instance
from headrace_serving.runtimes.items import Taken, patiently
from headrace_serving.runtimes.limit import limited
from headrace_serving.runtimes.parts import Tensors, in_parts
from headrace_serving.runtimes.together import together
from headrace_serving.tensors import Tensor


class InProcessExecutor:
    """An :class:`~headrace_serving.runtimes.contract.Executor` with one thread for each member model.

    What it does not exercise: the server, process boundaries (a body that ends its process ends this one) and limits of
    memory.

    Args:
        plan: what is served.
        workplace: where user code and objects are; nothing is written to its scratch folder.
    """

    name = "inprocess"

    def __init__(self, plan: Plan, workplace: Workplace) -> None:
        self._plan = plan
        self._instances: Mapping[str, Instance] = {
            member.name: Instance(program(plan, segment.model_of(member), member, workplace))
            for segment in plan.segments
            for member in segment.members
        }
        self._import_root = workplace.import_root.absolute()
        self._imports = ExitStack()

    async def __aenter__(self) -> Self:
        """Load every step.

        Raises:
            TaskFailed: a step failed to import or to set up (``load``), or lacks something (``environment``).
        """
        self._imports.enter_context(_importable(self._import_root))
        try:
            await together([instance.start for instance in self._instances.values()], len(self._instances))
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def call(self, task: Task, inputs: Tensors) -> Tensors:
        """Execute one task; see the contract. A body that runs past the limit goes on, but nobody waits for it."""
        segment = self._plan.by_name[task.segment]
        execute = partial(self._execute, segment, request_id(task.prefix, task.id))
        return await limited(task, segment, in_parts(segment, inputs, execute))

    async def stream(self, task: Task, inputs: Tensors, take: Take) -> None:
        """Execute one task on a segment that streams; see the contract. What holds for a body that runs past the limit of
        :meth:`call` holds for its next item.
        """
        segment = self._plan.by_name[task.segment]
        request = Request(request_id(task.prefix, task.id), {name: _own(tensor) for name, tensor in inputs.items()})
        await limited(task, segment, self._items(segment, request, Taken(take, task.have)))

    async def _items(self, segment: Segment, request: Request, taken: Taken) -> None:
        assert segment.stream
        outlet = self._instances[segment.members[0].name].stream(request, segment.stream.ahead)
        index = 0
        try:
            await outlet.begun()
            while (answer := await patiently(segment, outlet.take())) is not None:
                if isinstance(answer, TaskFailure):
                    raise TaskFailed(answer)
                await taken.give(index, {name: _own(tensor) for name, tensor in answer.items()})
                index += 1
        finally:
            outlet.leave()

    async def _execute(self, segment: Segment, request: str, inputs: Tensors) -> Tensors:
        """Run the members, each as soon as all it takes is there."""
        loop = asyncio.get_running_loop()
        names = (flow.name for member in segment.members for flow in (*member.inputs, *member.outputs))
        tensors: dict[str, asyncio.Future[Tensor]] = {name: loop.create_future() for name in names}
        for name, tensor in inputs.items():
            tensors[name].set_result(tensor)
        members = [partial(self._run, member, request, tensors) for member in segment.members]
        await together(members, len(members))
        return {flow.name: tensors[flow.name].result() for flow in segment.outputs}

    async def _run(self, member: Member, request: str, tensors: Mapping[str, asyncio.Future[Tensor]]) -> None:
        inputs = {flow.name: _own(await tensors[flow.name]) for flow in member.inputs}
        answer = await self._instances[member.name].run(Request(request, inputs))
        if isinstance(answer, TaskFailure):
            raise TaskFailed(answer)
        for name, tensor in answer.items():
            tensors[name].set_result(_own(tensor))

    async def _stop(self) -> None:
        await asyncio.gather(*(instance.stop() for instance in self._instances.values()))
        self._imports.close()


def _own(tensor: Tensor) -> Tensor:
    """A copy, as a process of its own would get: a body may write to its input, or return a buffer that it keeps."""
    return tensor if tensor.array.dtype.kind == "O" else Tensor(tensor.array.copy())


@contextmanager
def _importable(folder: Path) -> Generator[None]:
    """User code can be imported meanwhile."""
    if str(folder) in sys.path:
        yield
        return
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
