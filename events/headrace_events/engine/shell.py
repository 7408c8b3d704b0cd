"""Drive one run on this machine: fold its inbox through ``decide`` and carry out the commands. All the I/O, no decision."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from headrace_dags.plan.model import Plan
from headrace_events.engine.decide import decide
from headrace_events.engine.events import (
    Cancel,
    CancelTasks,
    Command,
    Event,
    IssueTask,
    Outcome,
    SetTimer,
    Submitted,
    TimerFired,
)
from headrace_events.engine.exchange import Exchange
from headrace_events.engine.inbox import Arrival, Inbox
from headrace_events.engine.record import RunFolder, Write
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.state import Folded, RunState
from headrace_events.engine.wiring import Wiring, input_flows, wire
from headrace_events.engine.work import Worker
from headrace_events.log.memory.log import MemoryLog
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.runtimes.contract import Executor
from headrace_serving.tensors import Tensor

PARTITION = 0
"""The local log has one partition."""

Observe = Callable[[Event, float, Folded], None]
"""Called with each event once it is recorded, the log time of its append (Unix seconds), and what ``decide`` made of it."""


async def execute_run(  # noqa: PLR0913, PLR0917 - what a run is made of; each is a thing of its own
    plan: Plan,
    run_id: str,
    inputs: Mapping[str, Tensor],
    executor: Executor,
    folder: RunFolder,
    observe: Observe,
    *,
    store: ObjectStore,
    settings: ShellSettings | None = None,
) -> Outcome:
    """Execute one run to its end.

    Cancelling the calling task (Ctrl-C under ``asyncio.run``) cancels the run: its tasks are stopped, a ``cancelled``
    outcome is recorded, and the cancellation goes on to the caller.

    Args:
        plan: what to run.
        run_id: as :mod:`headrace_events.engine.runid` makes it.
        inputs: the dag's inputs by name, encoded as :func:`~headrace_events.engine.wiring.input_flows` says.
        executor: serves the plan's segments; entered by the caller.
        folder: where the run is recorded.
        observe: is told of every event.
        store: holds payloads that are too large for an event.
        settings: of the driver.

    Raises:
        EnvironmentLack: the machine lacks something (disk space); the outcome is recorded where that is possible.
        Exception: whatever ``observe`` raised; the run is cancelled and recorded so.
    """
    settings = settings or ShellSettings()
    inbox = Inbox(MemoryLog(), run_id, PARTITION)
    await inbox.declare()
    exchange = Exchange(inbox, store, settings)
    worker = Worker(plan, executor, exchange, inbox, settings)
    folder.begin(plan, run_id)
    flows = {name: flow for name, flow in input_flows(plan).items() if name in inputs}
    packed, parts = await exchange.pack(inputs, flows)
    await inbox.append(Submitted(run=run_id, plan=plan.digest, inputs=packed), parts)
    with folder.writing() as write:
        outcome = await _Driver(wire(plan), inbox, worker, folder, write, observe, settings.grace_s).drive()
    if worker.lack is not None and outcome.failure and outcome.failure.kind == "environment":
        raise worker.lack
    return outcome


def _nobody(_event: Event, _at_s: float, _folded: Folded) -> None:
    """Observes nothing: an observer that broke is not told any more."""


@dataclass
class _Driver:
    """Folds one inbox until the outcome; what it is made of, and how far it is."""

    wiring: Wiring
    inbox: Inbox
    worker: Worker
    folder: RunFolder
    write: Write
    observe: Observe
    grace_s: float
    state: RunState | None = None
    outcome: Outcome | None = None
    offset: int = 0
    jobs: dict[asyncio.Task[None], str] = field(default_factory=dict)
    broken: BaseException | None = None
    task: asyncio.Task[Any] | None = None

    async def drive(self) -> Outcome:
        """Fold events as they come, until the outcome is there and no task is left."""
        self.task = asyncio.current_task()
        try:
            return await self._fold_to_the_end()
        except asyncio.CancelledError:
            await self._give_up("interrupted" if self.broken is None else f"a job broke: {type(self.broken).__name__}")
            if self.broken is not None and self.task:
                self.task.uncancel()
                raise self.broken from None
            raise
        except Exception as error:
            self.observe = _nobody
            await self._give_up(f"the driver broke: {type(error).__name__}")
            raise
        finally:
            await self._stop()

    async def _give_up(self, reason: str) -> None:
        """End the run, and record its end as far as that is possible; what led here is more telling than what fails now."""
        await self.inbox.append(Cancel(reason=reason))
        with suppress(Exception):
            await self._fold_to_the_end()

    async def _fold_to_the_end(self) -> Outcome:
        while self.outcome is None:
            for arrival in await self.inbox.arrivals(self.offset):
                self._fold(arrival)
                if self.outcome is not None:
                    break
        return self.outcome

    def _fold(self, arrival: Arrival) -> None:
        """Record an event first, then let it take effect."""
        event, at_s = arrival.envelope.event, arrival.at_s
        self.offset = arrival.offset + 1
        self.write(arrival.offset, at_s, arrival.envelope)
        self.state, commands = decide(self.state, event, at_s, self.wiring)
        for command in commands:
            self._carry_out(command, at_s)
        self.observe(event, at_s, (self.state, commands))

    def _carry_out(self, command: Command, at_s: float) -> None:
        match command:
            case IssueTask():
                self._start(self.worker.execute(command), command.task.segment)
            case SetTimer():
                self._start(self._fire(command))
            case CancelTasks():
                self._cancel_jobs(command.segment)
            case Outcome():
                self.outcome = command
                self.folder.finish(command, at_s)

    async def _fire(self, timer: SetTimer) -> None:
        await asyncio.sleep(max(0.0, timer.at_s - time.time()))
        await self.inbox.append(TimerFired(name=timer.name))

    def _start(self, job: Coroutine[Any, Any, None], segment: str = "") -> None:
        task = asyncio.create_task(job)
        self.jobs[task] = segment
        task.add_done_callback(self._left)

    def _left(self, job: asyncio.Task[None]) -> None:
        """A job came to its end; one that broke, which none should, must not leave the run waiting for ever."""
        self.jobs.pop(job, None)
        error = None if job.cancelled() else job.exception()
        if error and self.task and self.outcome is None and self.broken is None:
            self.broken = error
            self.task.cancel()

    def _cancel_jobs(self, segment: str = "") -> None:
        """Cancel all jobs, or the tasks of one segment."""
        for job, of in self.jobs.items():
            if segment in ("", of):
                job.cancel()

    async def _stop(self) -> None:
        """Cancel what is left and wait for it; one that does not leave in time is left behind."""
        self._cancel_jobs()
        if self.jobs:
            await asyncio.wait(set(self.jobs), timeout=self.grace_s)
