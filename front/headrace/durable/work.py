"""The processes that `up` starts: an orchestrator, and a worker for each dag with the server of its segments."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from headrace.durable.place import TOPICS, Place
from headrace.launch.prepare import Checked
from headrace.launch.runtime import caching, executor
from headrace.progress.view import View
from headrace.runs import State, at_work
from headrace_dags.errors import EnvironmentLack, Problem
from headrace_events.log.contract import Fenced
from headrace_events.orchestrator.process import Orchestrator
from headrace_events.plans import Plans
from headrace_events.recording import Recorder
from headrace_events.worker.process import Worker
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.redaction import RedactingExecutor, covered_output, redacted
from headrace_serving.runtimes.contract import Workplace

READY = "ready"
"""What a process says of itself, once, when it takes work."""

_LOOK_S = 1.0


def orchestrate(state: State, name: str, parent: int, view: View) -> None:
    """Fold events and order tasks until interrupted.

    Args:
        state: whose engine.
        name: of a replica that takes the place of the one before it by that name.
        parent: ends, too, when this process is gone; 0: on its own.
        view: is told of what a person must know.

    Raises:
        EnvironmentLack: the state folder or its log cannot be used, or another replica has taken this one's name.
    """
    place = Place(state)

    async def run() -> None:
        async with place.log() as log:
            recorder = Recorder(place.record)
            view.stage(READY)
            try:
                await Orchestrator(log, TOPICS, place.store, name, observer=recorder).run()
            except Fenced as error:
                expected, write = "expects no other replica by its name", "Give each a name of its own, or none"
                raise EnvironmentLack(Problem("replaced", f"--name {name}", expected, str(error), write)) from None

    asyncio.run(_until_orphaned(run(), parent))


def work(checked: Checked, parent: int, view: View) -> TaskFailure | None:
    """Serve the segments of a dag and execute their tasks until interrupted.

    Args:
        checked: the dag.
        parent: ends, too, when this process is gone; 0: on its own.
        view: is told of what a person must know.

    Returns:
        Why it cannot be served, where a step failed to import or to set up.

    Raises:
        EnvironmentLack: the machine lacks something.
    """
    place = Place(State(checked.settings.state))
    with at_work(place.state, f"worker-{os.getpid()}") as scratch, covered_output(checked.redact):
        try:
            asyncio.run(_until_orphaned(_work(checked, place, scratch, view), parent))
        except TaskFailed as error:
            return redacted(error.failure, checked.redact)
    return None


async def _work(checked: Checked, place: Place, scratch: Path, view: View) -> None:
    workplace = Workplace(import_root=checked.import_root, objects=place.state.objects, scratch=scratch)
    bare, _ = executor(checked, workplace, view)
    runtime = caching(RedactingExecutor(bare, checked.redact), checked, place.store, view.note)
    view.stage(f"starting {checked.chosen.name}")
    async with runtime, place.log() as log:
        worker = Worker(log, TOPICS, checked.plan, runtime, place.store)
        await log.declare(TOPICS.of(checked.plan))
        await Plans(log, TOPICS.name("plans"), place.store).deploy(checked.plan)
        view.stage(READY)
        await worker.run()


async def _until_orphaned(job: Coroutine[Any, Any, None], parent: int) -> None:
    """Do something until whoever started this process is gone."""
    doing = asyncio.ensure_future(job)
    watching = asyncio.ensure_future(_orphaned(parent))
    try:
        await asyncio.wait({doing, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        watching.cancel()
        doing.cancel()
        await asyncio.wait({doing, watching})
    if not doing.cancelled():
        doing.result()


async def _orphaned(parent: int) -> None:
    while not parent or os.getppid() == parent:  # noqa: ASYNC110 - the system tells of it in no other way
        await asyncio.sleep(_LOOK_S)
