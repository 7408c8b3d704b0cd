"""Segments in this process: the same programs and the same codec as behind a server, without the server."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self

from headrace_dags.plan.model import Call, Flow, Mapper, Member, Plan, Segment
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.mapper.program import mapper_program
from headrace_serving.program import program
from headrace_serving.runner import Request, request_id
from headrace_serving.runtimes.contract import Take, Task, Workplace
from headrace_serving.runtimes.importing import importable
from headrace_serving.runtimes.instance import Instance
from headrace_serving.runtimes.items import Taken, patiently
from headrace_serving.runtimes.limit import limited
from headrace_serving.runtimes.mapperinstance import MapperInstance
from headrace_serving.runtimes.parts import Tensors, in_parts
from headrace_serving.runtimes.together import together
from headrace_serving.tensors import Tensor

Station = Member | Mapper


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
        self._instances: dict[str, Instance | MapperInstance] = {
            member.name: Instance(program(plan, segment.model_of(member), member, workplace))
            for segment in plan.served
            for member in segment.models
        }
        for segment in plan.segments:
            if segment.mapper:
                call = partial(self._called, segment)
                made = MapperInstance(mapper_program(plan, segment, workplace), call)
                self._instances[segment.mapper.name] = made
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._import_root = workplace.import_root.absolute()
        self._imports = ExitStack()

    async def __aenter__(self) -> Self:
        """Load every step.

        Raises:
            TaskFailed: a step failed to import or to set up (``load``), or lacks something (``environment``).
        """
        self._imports.enter_context(importable(self._import_root))
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
        id_ = request_id(task.prefix, task.id)
        execute = partial(self._execute, segment.stations, segment.outputs, id_)
        return await limited(task, segment, in_parts(segment, inputs, execute))

    async def stream(self, task: Task, inputs: Tensors, take: Take) -> None:
        """Execute one task on a segment that streams; see the contract. What holds for a body that runs past the limit of
        :meth:`call` holds for its next item: a stream that is begun meanwhile waits for it no longer than for an item.
        """
        segment = self._plan.by_name[task.segment]
        request = Request(request_id(task.prefix, task.id), {name: _own(tensor) for name, tensor in inputs.items()})
        await limited(task, segment, self._items(segment, request, Taken(take, task.have)))

    async def _items(self, segment: Segment, request: Request, taken: Taken) -> None:
        instance = self._instances[segment.members[0].name]
        assert segment.stream
        assert isinstance(instance, Instance)
        index = 0
        async with self._turns[segment.name]:
            outlet = instance.stream(request, segment.stream.ahead)
            try:
                while (answer := await patiently(segment, outlet.take())) is not None:
                    if isinstance(answer, TaskFailure):
                        raise TaskFailed(answer)
                    await taken.give(index, {name: _own(tensor) for name, tensor in answer.items()})
                    index += 1
            finally:
                outlet.leave()

    async def _called(self, segment: Segment, call: Call, request: Request) -> Tensors:
        """One call of a mapper: its members, as those of a segment of their own."""
        members = tuple(member for member in segment.members if member.name in call.members)
        return await self._execute(members, call.outputs, request.id, request.tensors)

    async def _execute(
        self, stations: Sequence[Station], outputs: Sequence[Flow], request: str, inputs: Tensors
    ) -> Tensors:
        """Run members and mappers, each as soon as all it takes is there."""
        loop = asyncio.get_running_loop()
        names = (flow.name for station in stations for flow in (*station.inputs, *station.outputs))
        tensors: dict[str, asyncio.Future[Tensor]] = {name: loop.create_future() for name in names}
        for name, tensor in inputs.items():
            tensors[name].set_result(tensor)
        runs = [partial(self._run, station, request, tensors) for station in stations]
        await together(runs, len(runs))
        return {flow.name: tensors[flow.name].result() for flow in outputs}

    async def _run(self, station: Station, request: str, tensors: Mapping[str, asyncio.Future[Tensor]]) -> None:
        inputs = {flow.name: _own(await tensors[flow.name]) for flow in station.inputs}
        answer = await self._instances[station.name].run(Request(request, inputs))
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
