"""What becomes of a run whose runtime does not even start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pytest
from tests.front.conftest import Project
from tests.front.recorded import RUN

from headrace.launch import drive as driving
from headrace.launch.drive import Job, drive
from headrace.launch.prepare import Request, check
from headrace.progress.silent import SilentView
from headrace.report.story import tell
from headrace.runs import State, find
from headrace_dags.errors import EnvironmentLack, Problem
from headrace_events.engine.readback import RunRecord
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Task
from headrace_serving.tensors import Tensor
from headrace_serving.triton.errors import ServerDead


class Refusing:
    """An executor that does not start, after its server has written a line."""

    name = "refusing"

    def __init__(self, error: Exception, log: Path) -> None:
        self._error = error
        self._log = log

    async def __aenter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_text("E1121 no luck\n", encoding="utf-8")
        raise self._error

    async def __aexit__(self, *exc: object) -> None:
        raise AssertionError("what was never entered is never left")

    async def call(self, task: Task, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        raise AssertionError(task, inputs)


def refused(project: Project, error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, State]:
    state, log = State(project.folder / ".headrace"), project.folder / "triton.log"
    monkeypatch.setattr(driving, "executor", lambda *_: (Refusing(error, log), log))
    pairs = ("text=a", f"video=@{project.folder / 'talk.mp4'}")
    checked = check(Request(str(project.folder / "loud.py"), pairs, "inprocess"))
    return drive(Job(checked, RUN, state, state.scratch / RUN), SilentView()), state


def test_a_step_that_does_not_load_is_a_recorded_failure(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = TaskFailure(kind="load", node="shout", message="ImportError: no module named vox")
    outcome, state = refused(project, TaskFailed(failure), monkeypatch)
    story = tell(RunRecord.read(find(state, None).folder))
    assert outcome.failure == story.failure == failure
    assert (story.status, story.took_s, story.attempts) == ("failed", 0.0, ())
    assert story.record.folder.server_log.read_text(encoding="utf-8") == "E1121 no luck\n"


def test_a_server_that_dies_is_a_recorded_failure(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = ServerDead("it was killed by SIGKILL", Path("gone.log"), "")
    outcome, state = refused(project, dead, monkeypatch)
    assert outcome.failure.kind == "unavailable"
    assert "it was killed by SIGKILL" in outcome.failure.message
    assert "gone.log" not in outcome.failure.message
    assert RunRecord.read(find(state, None).folder).outcome == outcome


def test_what_the_machine_lacks_is_not_a_failed_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    lack = EnvironmentLack(Problem("port-taken", "8001", "is free", "another server"))
    with pytest.raises(EnvironmentLack, match="port-taken"):
        refused(project, lack, monkeypatch)
    assert not list((project.folder / ".headrace").glob("runs/*"))
