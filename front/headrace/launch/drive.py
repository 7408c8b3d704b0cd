"""Drive one run: encode the inputs, start the runtime, let the engine fold, stop, keep the server's log. Ctrl-C cancels."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headrace.launch.prepare import Checked
from headrace.launch.runtime import caching, executor, next_after
from headrace.progress.view import View
from headrace.runs import TENANT, State
from headrace_dags.declare.declaration import Signature
from headrace_dags.errors import EnvironmentLack, Exit, HeadraceError
from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Outcome
from headrace_events.engine.record import RunFolder
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.shell import execute_run
from headrace_serving.codec import Sink, encode
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.redaction import RedactingExecutor, covered_output, redact_file, redacted
from headrace_serving.runtimes.contract import Executor, Workplace
from headrace_serving.tensors import Tensor


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run.

    Attributes:
        checked: the dag, its plan and its inputs.
        run: the run's id.
        state: where it is recorded.
        scratch: where the runtime works.
    """

    checked: Checked
    run: str
    state: State
    scratch: Path

    @property
    def plan(self) -> Plan:
        """What is executed."""
        return self.checked.plan

    @property
    def folder(self) -> RunFolder:
        """The run's record."""
        return RunFolder(self.state.runs / self.run)


def drive(job: Job, view: View) -> Outcome:
    """Execute a run to its end. A failure is an outcome, also one before the first task.

    Raises:
        EnvironmentLack: the machine lacks something.
        KeyboardInterrupt: the run was cancelled by Ctrl-C; it is recorded as cancelled if it had begun.
    """
    store = FileStore(job.state.objects)
    view.stage("storing the inputs")
    # Outside the event loop, where Ctrl-C stops a copy of gigabytes at once.
    checked, sink = job.checked, Sink(store, f"{TENANT}/{job.run}")
    tensors = encoded(job.plan, checked.signature, checked.inputs, sink)
    with covered_output(checked.redact):
        return asyncio.run(_execute(job, tensors, store, view))


def drive_first(job: Job, view: View) -> Job:
    """Execute a run on the first runtime that can be started, where none was asked for; the job that was executed.

    Raises:
        As :func:`drive`.
    """
    try:
        drive(job, view)
    except EnvironmentLack as lack:
        following = next_after(job.checked.chosen, lack)
        if following is None:
            raise
        view.note(following.banner)
    else:
        return job
    other = replace(job, checked=replace(job.checked, chosen=following))
    drive(other, view)
    return other


async def _execute(job: Job, tensors: Mapping[str, Tensor], store: FileStore, view: View) -> Outcome:
    workplace = Workplace(import_root=job.checked.import_root, objects=job.state.objects, scratch=job.scratch)
    bare, log = executor(job.checked, workplace, view)
    safe = RedactingExecutor(bare, job.checked.redact)
    runtime = caching(safe, job.checked, store, view.note)
    view.stage(f"starting {job.checked.chosen.name}")
    try:
        async with runtime:
            view.stage("running")
            return await _run(job, tensors, runtime, view, store)
    except TaskFailed as error:
        return _never_began(job, error.failure)
    except HeadraceError as error:
        if error.exit_code != Exit.STEP_FAILED:
            raise
        return _never_began(job, _of_server(error))
    finally:
        _keep(log, job)


async def _run(job: Job, tensors: Mapping[str, Tensor], runtime: Executor, view: View, store: FileStore) -> Outcome:
    settings = ShellSettings(tenant=TENANT)
    return await execute_run(
        job.plan, job.run, tensors, runtime, job.folder, view.observe, store=store, settings=settings
    )


def encoded(plan: Plan, signature: Signature, inputs: Mapping[str, Any], sink: Sink) -> dict[str, Tensor]:
    """The inputs of a dag as they travel; media go into the object store in pieces.

    Args:
        plan: of the dag.
        signature: of the dag.
        inputs: checked values by name.
        sink: where media go.
    """
    flows = zip(plan.graph.inputs, plan.inputs, strict=True)
    return {
        port.name: encode(flow, signature.annotations[f"in:{port.name}"], inputs[port.name], sink)
        for port, flow in flows
    }


def _of_server(error: HeadraceError) -> TaskFailure:
    """A server that could not be started or kept alive; where its log lies now is said by ``headrace logs --server``."""
    told = "; ".join(f"{problem.expected}, got {problem.got}" for problem in error.problems)
    return TaskFailure(kind="unavailable", message=f"{told}. `headrace logs --server` shows what it printed")


def _never_began(job: Job, failure: TaskFailure) -> Outcome:
    """Before the first task a step failed to import or to set up, or the server died: recorded like any other failure."""
    outcome = Outcome(run=job.run, status="failed", failure=redacted(failure, job.checked.redact))
    if not job.folder.inbox.exists():
        job.folder.begin(job.plan, job.run)
    job.folder.finish(outcome, time.time())
    return outcome


def _keep(log: Path | None, job: Job) -> None:
    """Keep the server's log with the record, whatever happened; what steps printed past Python is looked through too."""
    if log is None or not log.exists():
        return
    redact_file(log, job.checked.redact)
    if job.folder.path.exists():
        with suppress(OSError):
            shutil.copyfile(log, job.folder.server_log)
