"""``headrace logs``: what is told of a run that is over, and of one while it goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from tests.front.conftest import Project
from tests.front.recorded import RUN, record

from headrace.runs import State

pytestmark = pytest.mark.timeout(120)
OTHER = RUN.replace("0123", "9876")
SLOW = """\
import time

import headrace as hr


@hr.step
def wait(text: hr.Text) -> hr.Text:
    print("waiting", flush=True)
    while not open("go").read():
        time.sleep(0.05)
    return text


@hr.step
def end(text: hr.Text) -> hr.Text:
    return text


@hr.dag
def slow(text: hr.Text) -> hr.Text:
    return end.with_(isolate=True)(wait(text))
"""


@pytest.fixture
def state(project: Project) -> State:
    return State(project.folder / ".headrace")


def test_logs_tell_the_newest_run(project: Project, state: State) -> None:
    record(state, RUN)
    record(state, OTHER, failing="read")
    os.utime(state.runs / RUN / "plan.json", (1, 1))
    newest = project.headrace("logs")
    assert newest.code == 0
    assert "lecture failed after" in newest.out
    assert 'raise ValueError("a slide without <text>")' in newest.out
    assert "lecture.py:12 (read.frame, item 1) [step]: ValueError: a slide without <text>" in newest.out
    older = project.headrace("logs", "0123").out
    assert "lecture succeeded after" in older
    assert "result     read chunk 2: read_result (1 item" in older


def test_logs_as_json_are_the_recorded_events(project: Project, state: State) -> None:
    made = record(state)
    events = [json.loads(line) for line in project.headrace("logs", "--json").out.splitlines()]
    assert [each["type"] for each in events[:-1]] == [each.event.type for each in made.events]
    assert (events[-1]["type"], events[-1]["status"]) == ("outcome", "succeeded")


def test_logs_of_the_server(project: Project, state: State) -> None:
    made = record(state)
    assert "[no-server-log]" in project.headrace("logs", "--server").err
    made.folder.server_log.write_text("I0101 started\n", encoding="utf-8")
    assert project.headrace("logs", "--server").out == "I0101 started\n"


def test_logs_of_one_node(project: Project, state: State) -> None:
    record(state, failing="read")
    told = project.headrace("logs", "--node", "read").out
    assert "failed     read" in told
    assert "frames" not in told.partition("ValueError")[0].splitlines()[1]
    assert "(read.frame, item 1) [step]: ValueError" in told
    other = project.headrace("logs", "--node", "frames").out
    assert [line.split()[3] for line in other.splitlines()[1:]] == ["frames:"]
    events = [json.loads(line) for line in project.headrace("logs", "--node", "sound", "--json").out.splitlines()]
    assert {each["task"]["segment"] for each in events[:-1]} == {"sound"}
    assert events[-1]["status"] == "failed"
    assert "Write --node read" in project.headrace("logs", "--node", "raed").err
    assert project.headrace("logs", "--node", "read", "--server").code == 2


def test_logs_that_follow_a_run_that_is_over_end(project: Project, state: State) -> None:
    record(state)
    plain, followed = project.headrace("logs").out, project.headrace("logs", "--follow").out
    assert followed.splitlines()[:-1] == plain.splitlines()[1:]
    assert followed.splitlines()[-1] == plain.splitlines()[0]
    assert project.headrace("logs", "-f", "--json").out == project.headrace("logs", "--json").out


def begun(project: Project, runtime: str) -> subprocess.Popen[str]:
    """A run that waits for the file ``go`` to hold something."""
    project.write("slow.py", SLOW.replace('"go"', repr(str(project.write("go", "")))))
    return project.begun("slow.py", "-i", "text=a", "--runtime", runtime, "--json")


def following(project: Project, *arguments: str) -> subprocess.Popen[str]:
    command = project.command("logs", "--follow", *arguments)
    return subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_logs_follow_a_run_to_its_end(project: Project) -> None:
    run = begun(project, "inprocess")
    logs = following(project)
    assert logs.stdout
    assert "submitted  text" in logs.stdout.readline()
    assert "started    wait" in logs.stdout.readline()
    project.write("go", "now")
    rest = logs.stdout.read()
    assert (run.wait(60), logs.wait(60)) == (0, 0)
    assert [line.split()[2] for line in rest.splitlines()[:-1]] == ["result", "result"]
    assert rest.splitlines()[-1].startswith("slow succeeded after ")
    assert "unfinished" not in rest


def test_logs_follow_the_server(project: Project) -> None:
    run = begun(project, "triton")
    assert "[no-server-log]" not in project.headrace("logs", "--server").err
    logs = following(project, "--server")
    assert logs.stdout
    assert any("waiting" in line for line in logs.stdout)
    project.write("go", "now")
    logs.communicate(timeout=60)
    assert (run.wait(60), logs.returncode) == (0, 0)


@pytest.mark.parametrize("how", ["killed", "left"])
def test_logs_end_when_there_is_nothing_more_to_follow(how: str, project: Project) -> None:
    run = begun(project, "inprocess")
    logs = following(project, "--json")
    assert logs.stdout
    assert json.loads(logs.stdout.readline())["type"] == "submitted"
    if how == "killed":
        run.kill()
        run.wait()
        rest = logs.stdout.read()
        assert logs.wait(60) == 0
        assert [json.loads(line)["type"] for line in rest.splitlines()] == ["started"]
    else:
        logs.send_signal(signal.SIGINT)
        logs.communicate(timeout=60)
        assert logs.returncode == 130
        project.write("go", "now")
        assert run.wait(60) == 0


def test_logs_of_no_run(project: Project, state: State) -> None:
    assert "[no-run]" in project.headrace("logs").err
    record(state)
    done = project.headrace("logs", "ffff")
    assert done.code == 2
    assert "is the beginning of no run" in done.err
