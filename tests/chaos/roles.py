"""The processes that are killed: ``python -m tests.chaos.roles orchestrator|worker FOLDER``."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Self

from tests.events.plans import Part, plan_of

from headrace_events.log.sqlite.log import SqliteLog
from headrace_events.orchestrator.process import Orchestrator
from headrace_events.topics import Topics
from headrace_events.worker.process import Worker
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Take, Task
from headrace_serving.tensors import Tensor

TOPICS = Topics(partitions=2, task_partitions=2)
SESSION_S = 2.0
PLAN = plan_of(
    "x",
    [
        Part("cut", takes=("x",), gives=("out*",), retry=2),
        Part("each", maps=("cut.out",), takes=("x",), chunk=2, retry=2),
        Part("join", takes=("each.out",), retry=2),
    ],
    "join.out",
)
ITEMS = 6
KILLER = "killer"


def expected(text: str) -> str:
    return "+".join(f"{text}-{number}" for number in range(ITEMS))


class Bodies:
    """Computes after some milliseconds, fails now and then, and writes down each execution. A killer takes the process with it."""

    name = "bodies"

    def __init__(self, folder: Path) -> None:
        self._random = Random()
        self._done = os.open(folder / "executions", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        os.write(self._done, f"{task.id}\n".encode())
        await asyncio.sleep(self._random.uniform(0.0, 0.02))
        texts = {name: [item.decode() for item in tensor.array.flat] for name, tensor in inputs.items()}
        if texts.get("x") == [KILLER]:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._random.random() < 0.02:
            raise TaskFailed(TaskFailure(kind="unavailable", message="by chance"))
        match task.segment:
            case "cut":
                made = [f"{texts['x'][0]}-{number}" for number in range(ITEMS)]
            case "each":
                made = texts["cut_out"]
            case _:
                made = ["+".join(texts["each_out"])]
        return {f"{task.segment}_out": Tensor.of_bytes([item.encode() for item in made])}

    async def stream(self, task: Task, inputs: Mapping[str, Tensor], take: Take) -> None:
        raise NotImplementedError


async def main(role: str, folder: Path) -> None:
    log, store = await SqliteLog.open(folder / "log"), FileStore(folder / "objects")
    print("up", flush=True)
    if role == "orchestrator":
        await Orchestrator(log, TOPICS, store, session_s=SESSION_S).run()
    else:
        worker = Worker(log, TOPICS, PLAN, Bodies(folder), store, places=lambda _: 8, session_s=SESSION_S)
        await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
