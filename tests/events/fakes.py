"""An executor that computes in this process what a test tells it to."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Event, Outcome
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.shell import execute_run
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Take, Task
from headrace_serving.tensors import Tensor

RUN = "0-" + "0" * 32 + "-00000000"
Texts = dict[str, list[str]]
Body = Callable[[Task, Texts], Awaitable[Texts] | Texts]
StreamBody = Callable[[Task, Texts], AsyncIterator[str]]


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A file takes what still fits and refuses the rest, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def tensor(items: list[str]) -> Tensor:
    return Tensor.of_bytes([item.encode() for item in items])


def texts(items: Tensor) -> list[str]:
    return [item.decode() for item in items.array.flat]


@dataclass
class Fake:
    """Calls the body of a segment with the texts of its inputs."""

    bodies: Mapping[str, Body]
    streams: Mapping[str, StreamBody] = field(default_factory=dict[str, StreamBody])
    name: str = "fake"
    calls: list[str] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        self.calls.append(task.id.removeprefix(f"{RUN}/"))
        self.running[task.segment] = self.running.get(task.segment, 0) + 1
        self.most[task.segment] = max(self.most.get(task.segment, 0), self.running[task.segment])
        try:
            made = self.bodies[task.segment](task, {name: texts(value) for name, value in inputs.items()})
            outputs = await made if isinstance(made, Awaitable) else made
            return {name: tensor(items) for name, items in outputs.items()}
        except asyncio.CancelledError:
            self.cancelled.append(task.segment)
            raise
        finally:
            self.running[task.segment] -= 1

    async def stream(self, task: Task, inputs: Mapping[str, Tensor], take: Take) -> None:
        self.calls.append(f"{task.id.removeprefix(f'{RUN}/')} from {task.have}")
        index = 0
        async for item in self.streams[task.segment](task, {name: texts(value) for name, value in inputs.items()}):
            if index >= task.have:
                await take(index, {f"{task.segment}_out": tensor([item])})
            index += 1


@dataclass
class Bench:
    """Runs plans in a folder of the test and keeps what was observed."""

    path: Path
    events: list[tuple[Event, float]] = field(default_factory=list)

    @property
    def store(self) -> FileStore:
        return FileStore(self.path / "objects")

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path / "runs" / RUN)

    @property
    def record(self) -> RunRecord:
        return RunRecord.read(self.folder.path)

    async def execute(
        self, plan: Plan, executor: Fake, settings: ShellSettings | None = None, **inputs: list[str]
    ) -> Outcome:
        return await execute_run(
            plan,
            RUN,
            {name: tensor(items) for name, items in inputs.items()},
            executor,
            self.folder,
            lambda event, at_s, _folded: self.events.append((event, at_s)),
            store=self.store,
            settings=settings,
        )

    def outputs(self) -> Texts:
        return {name: texts(items) for name, _, items in self.record.outputs(self.store)}
