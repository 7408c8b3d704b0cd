"""The durable engine from the command line: up, submit, follow, cancel, show, dead; and what dies meanwhile."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.front.conftest import Project

DAG = """\
import time
from pathlib import Path

import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    while Path("hold").exists():
        time.sleep(0.02)
    if text == "boom":
        raise ValueError("a text that cannot be shouted")
    return text.upper()


@hr.dag
def loud(text: hr.Text) -> hr.Text:
    return shout(text)
"""
LONG_S = 60.0


class Up:
    """The engine of a project, as a process."""

    def __init__(self, project: Project, *more: str) -> None:
        self.project = project
        self.said = project.folder / "up.log"
        with self.said.open("wb") as file:
            command = project.command("up", "loud.py", "--runtime", "inprocess", *more)
            self.process = subprocess.Popen(command, cwd=project.folder, env=project.environment(), stderr=file)
        self.until("Up: loud.py")

    def until(self, text: str, times: int = 1) -> None:
        """It has said so, so many times."""
        end_s = time.monotonic() + LONG_S
        while self.said.read_text().count(text) < times:
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < end_s, self.said.read_text()
            time.sleep(0.05)

    def child(self, word: str) -> psutil.Process:
        (found,) = (each for each in psutil.Process(self.process.pid).children() if word in each.cmdline())
        return found

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(LONG_S)


@pytest.fixture
def loud(project: Project) -> Project:
    project.write("loud.py", DAG)
    return project


@contextmanager
def up(project: Project, *more: str) -> Generator[Up]:
    made = Up(project, *more)
    try:
        yield made
    finally:
        (project.folder / "hold").unlink(missing_ok=True)
        made.end()


@pytest.fixture
def engine(loud: Project) -> Iterator[Up]:
    with up(loud) as made:
        yield made


def submit(project: Project, text: str, *more: str) -> str:
    ran = project.headrace("submit", "loud.py", "--input", f"text={text}", *more)
    assert ran.code == 0, ran.err
    return ran.out.strip()


def follow(project: Project, run: str) -> dict[str, object]:
    ran = project.headrace("follow", run, "--json")
    assert ran.out, ran.err
    return ran.json


def value(project: Project, run: str) -> object:
    summary = follow(project, run)
    assert summary["status"] == "succeeded", summary
    (output,) = summary["outputs"]  # type: ignore[misc]
    return output["value"]


def test_a_run_is_submitted_followed_and_shown(engine: Up) -> None:
    project = engine.project
    ran = project.headrace("submit", "loud.py", "--input", "text=hello", "--follow")
    assert ran.code == 0, ran.err
    assert "loud succeeded in" in ran.out
    assert "result: HELLO" in ran.out
    assert "Accepted: " in ran.err
    run = submit(project, "again")
    assert value(project, run) == "AGAIN"
    assert (project.folder / "out" / run / "result.txt").read_text() == "AGAIN"
    shown = project.headrace("show", run)
    assert shown.code == 0
    assert f"run {run}" in shown.out
    assert "\N{FULL BLOCK}" in shown.out or "\N{LEFT ONE EIGHTH BLOCK}" in shown.out
    told = project.headrace("show", run, "--json").json
    assert (told["status"], [each["task"] for each in told["attempts"]]) == ("succeeded", ["shout/0/1"])
    assert "submitted  text" in project.headrace("logs", run).out
    assert project.headrace("dead").out == "None: whatever came could be handled.\n"


def test_a_failure_is_told_as_that_of_any_run(engine: Up) -> None:
    ran = engine.project.headrace("submit", "loud.py", "--input", "text=boom", "--follow")
    assert ran.code == 1
    assert "a text that cannot be shouted" in ran.err
    assert "loud.py:12 (shout)" in ran.err


def test_what_is_repeated_under_a_key_is_run_once(engine: Up) -> None:
    runs = {submit(engine.project, "once", "--key", "k-1") for _ in range(2)}
    assert len(runs) == 1
    assert value(engine.project, runs.pop()) == "ONCE"


def test_a_run_is_cancelled(engine: Up) -> None:
    project = engine.project
    project.write("hold", "")
    run = submit(project, "slow")
    until((project.folder / ".headrace" / "runs" / run / "inbox.jsonl").exists)
    ran = project.headrace("cancel", run, "--reason", "the wrong file")
    assert (ran.code, ran.err) == (0, "")
    summary = follow(project, run)
    assert summary["status"] == "cancelled"
    assert "the wrong file" in str(summary["failure"])
    (project.folder / "hold").unlink()
    assert value(project, submit(project, "next")) == "NEXT"


@pytest.mark.parametrize("word", ["worker", "orchestrator"])
def test_whatever_is_killed_runs_are_answered(engine: Up, word: str) -> None:
    project = engine.project
    project.write("hold", "")
    run = submit(project, "held")
    until(lambda: '"started"' in record(project, run))
    engine.child(word).kill()
    late = submit(project, "late")
    (project.folder / "hold").unlink()
    assert value(project, run) == "HELD"
    assert value(project, late) == "LATE"
    assert "ended (SIGKILL); it is started again" in engine.said.read_text()


def test_what_is_submitted_while_it_is_down_is_answered_when_it_is_up(loud: Project) -> None:
    with up(loud):
        assert value(loud, submit(loud, "one")) == "ONE"
    run = submit(loud, "two")
    with up(loud):
        assert value(loud, run) == "TWO"


def test_it_ends_with_all_its_processes(loud: Project) -> None:
    with up(loud) as engine:
        children = psutil.Process(engine.process.pid).children(recursive=True)
        assert len(children) >= 2
    assert engine.process.returncode == 130
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)


def test_killed_it_leaves_no_process(engine: Up) -> None:
    children = psutil.Process(engine.process.pid).children(recursive=True)
    engine.process.kill()
    engine.process.wait()
    assert not psutil.wait_procs(children, LONG_S)[1]


def test_a_script_that_starts_it_in_the_background_can_end_it(loud: Project) -> None:
    """There Ctrl-C is ignored; a request to end is none the less one."""
    made = loud.through(
        '"$@" >up.out 2>up.log & echo $!; until grep -q Up: up.log; do sleep 0.1; done',
        "up",
        "loud.py",
        "--runtime",
        "inprocess",
    )
    process = psutil.Process(int(made.out))
    process.terminate()
    assert not psutil.wait_procs([process], LONG_S)[1]


def test_who_stops_watching_does_not_stop_the_run(engine: Up) -> None:
    project = engine.project
    project.write("hold", "")
    command = project.command("submit", "loud.py", "--input", "text=on", "--follow")
    process = subprocess.Popen(
        command, cwd=project.folder, env=project.environment(), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    run = process.stderr.readline().split()[-1]
    until(lambda: '"started"' in record(project, run))
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=LONG_S)
    assert process.returncode == 130
    assert f"The run goes on: `headrace follow {run}`" in told
    (project.folder / "hold").unlink()
    assert value(project, run) == "ON"


def test_what_is_not_up_is_not_submitted(loud: Project) -> None:
    ran = loud.headrace("submit", "loud.py", "--input", "text=x", "--wait", "0.1")
    assert ran.code == 2
    assert "[not-up]: expects a dag that is up" in ran.err
    assert "headrace up loud.py" in ran.err
    ran = loud.headrace("submit", "loud.py", "--input", "text=x", "--out", "there")
    assert (ran.code, "goes with --follow" in ran.err) == (2, True)


def test_another_version_is_not_submitted(engine: Up) -> None:
    engine.project.write("loud.py", DAG.replace("upper", "title"))
    ran = engine.project.headrace("submit", "loud.py", "--input", "text=x")
    assert ran.code == 2
    assert "[other-version]: expects the version that is up" in ran.err


def test_a_wrong_input_is_not_accepted(engine: Up) -> None:
    ran = engine.project.headrace("submit", "loud.py", "--input", "txet=x")
    assert ran.code == 2
    assert not list((engine.project.folder / ".headrace").glob("runs/*"))


def test_a_run_that_nobody_gave_out_is_not_cancelled(engine: Up) -> None:
    ran = engine.project.headrace("cancel", "0-" + "0" * 32 + "-00000000")
    assert ran.code == 2
    assert "[no-run]" in ran.err


def test_a_dag_that_cannot_be_served_ends_it(loud: Project) -> None:
    loud.write("broken.py", DAG.replace("text: hr.Text) -> hr.Text:\n    while", "text) -> hr.Text:\n    while"))
    ran = loud.headrace("up", "broken.py", "--runtime", "inprocess")
    assert ran.code == 2
    assert "broken.py" in ran.err


BROKEN = """
import headrace as hr


class Model(hr.Stateful):
    def setup(self) -> None:
        raise RuntimeError("no weights here")

    def __call__(self, text: hr.Text) -> hr.Text:
        return text


@hr.dag
def broken(text: hr.Text) -> hr.Text:
    return Model()(text)
"""


def test_a_step_that_cannot_be_set_up_ends_it_with_the_reason(loud: Project) -> None:
    loud.write("broken.py", BROKEN)
    ran = loud.headrace("up", "broken.py", "--runtime", "inprocess")
    assert ran.code == 1
    assert "broken.py:7 (model) [load]: RuntimeError: no weights here" in ran.err
    assert "started again" not in ran.err


def test_a_folder_that_is_no_log_is_told(loud: Project) -> None:
    (loud.folder / ".headrace" / "log").mkdir(parents=True)
    (loud.folder / ".headrace" / "log" / "log.sqlite3").write_text("no database at all" * 100)
    ran = loud.headrace("dead")
    assert ran.code == 3
    assert "[log-unfit]" in ran.err


def test_replicas_share_the_work(loud: Project) -> None:
    with up(loud, "--orchestrators", "2", "--workers", "2") as engine:
        assert len(psutil.Process(engine.process.pid).children()) == 4
        runs = [submit(loud, f"n{number}") for number in range(4)]
        assert [value(loud, run) for run in runs] == ["N0", "N1", "N2", "N3"]


def record(project: Project, run: str) -> str:
    path = Path(project.folder, ".headrace", "runs", run, "inbox.jsonl")
    return path.read_text() if path.exists() else ""


def until(holds: object) -> None:
    end_s = time.monotonic() + LONG_S
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_clean_spares_what_the_engine_has_in_hand(engine: Up) -> None:
    project = engine.project
    project.write("hold", "")
    run = submit(project, "held")
    until(lambda: '"started"' in record(project, run))
    waiting = project.folder / ".headrace" / "objects" / "default" / "0-not-begun"
    waiting.mkdir(parents=True)
    assert project.headrace("clean", "--yes").code == 0
    assert waiting.exists()
    (project.folder / "hold").unlink()
    assert value(project, run) == "HELD"
    assert project.headrace("clean", "--yes").code == 0
    assert not (project.folder / ".headrace" / "runs" / run).exists()
