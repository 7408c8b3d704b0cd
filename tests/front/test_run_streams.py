"""``headrace run`` of a dag whose output is a stream: items are shown as they come, and the result is all of them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from rich.console import Console
from tests.events.plans import Part, plan_of
from tests.front.conftest import Project

from headrace.progress.live import LiveView
from headrace_events.engine.events import Item, Payload, Started, Submitted, TaskKey

pytestmark = pytest.mark.timeout(120)
TALK = """\
import os
import time
from collections.abc import Iterator
from pathlib import Path

import headrace as hr


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    Path(__file__).with_name("pid").write_text(str(os.getpid()))
    for number, word in enumerate(text.split()):
        while not Path(__file__).with_name(f"gate-{number}").exists():
            time.sleep(0.01)
        yield word


@hr.dag
def talk(text: hr.Text) -> hr.Many[hr.Text]:
    return words.with_(idle="60s")(text)
"""


@pytest.fixture
def talk(project: Project) -> Project:
    project.write("talk.py", TALK)
    return project


def opened(project: Project, *gates: int) -> None:
    for gate in gates:
        project.write(f"gate-{gate}", "")


def told(process: subprocess.Popen[str]) -> Iterator[str]:
    """What is shown on the standard error, without the time before it."""
    assert process.stderr
    for line in process.stderr:
        yield line.partition("] ")[2].rstrip("\n")


def begun(project: Project, runtime: str) -> subprocess.Popen[str]:
    command = project.command("run", "talk.py", "--input", "text=one two three", "--runtime", runtime)
    return subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_items_are_shown_while_the_step_goes_on(talk: Project, runtime: str) -> None:
    process = begun(talk, runtime)
    lines = told(process)
    for number, word in enumerate(("one", "two", "three")):
        opened(talk, number)  # the next item waits for its gate, so this one is shown before the step is done
        assert f"words [{number}]: {word}" in lines
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "result  Many[Text]  result/ (3 items)" in out


def test_a_process_that_dies_in_the_middle_costs_no_item_and_doubles_none(talk: Project) -> None:
    opened(talk, 0, 1)
    process = begun(talk, "triton")
    lines = told(process)
    assert "words [1]: two" in lines
    os.kill(int((talk.folder / "pid").read_text()), signal.SIGKILL)
    opened(talk, 2)
    rest = list(lines)
    process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert [line for line in rest if line.startswith("words [")] == ["words [2]: three"]
    logs = [json.loads(line) for line in talk.headrace("logs", "--json").out.splitlines()]
    assert [(each["index"], each["shown"]) for each in logs if each.get("type") == "item"] == [
        (0, "one"),
        (1, "two"),
        (2, "three"),
    ]
    assert not [each for each in logs if each.get("type") == "failed"], "none of it is an attempt"


def test_the_result_is_the_list_and_the_record_has_the_items(talk: Project) -> None:
    opened(talk, 0, 1)
    done = talk.headrace("run", "talk.py", "--input", "text=one two", "--runtime", "inprocess", "--json")
    assert done.code == 0, done.err
    (output,) = done.json["outputs"]
    assert (output["many"], output["items"], output["value"]) == (True, 2, ["one", "two"])
    logs = talk.headrace("logs", "--json").out.splitlines()
    items = [each for each in map(json.loads, logs) if each.get("type") == "item"]
    assert [(each["index"], each["shown"]) for each in items] == [(0, "one"), (1, "two")]
    assert "item       words [1]: two" in talk.headrace("logs").out
    assert "2 items by stream" in next(talk.folder.glob(".headrace/runs/*/report.html")).read_text()


def test_plan_and_picture_say_what_is_a_stream(talk: Project) -> None:
    plan = talk.headrace("plan", "talk.py").out
    assert "once a run, by stream" in plan
    assert "words leaves as a stream: at most 16 items ahead of who takes them, 60 s for the next one." in plan
    assert "Many[Text] · stream" in talk.headrace("graph", "talk.py").out


def test_the_table_counts_items_and_shows_each_above() -> None:
    plan = plan_of("x", [Part("talk", takes=("x",), gives=("out*",), streams=True)], "talk.out")
    view, task = LiveView(plan), TaskKey(segment="talk")
    written = io.StringIO()
    view._live.console = Console(file=written, width=100, color_system=None)
    view.observe(Submitted(run="r", plan=plan.digest, inputs={"x": Payload(items=1, nbytes=1)}), 1.0)
    view.observe(Started(task=task), 1.0)
    outputs = {"talk_out": Payload(items=1, nbytes=2048)}
    for index, text in ((0, "hello"), (1, ""), (1, "again")):
        view.observe(Item(task=task, index=index, outputs=outputs, shown=text), 1.0)
    assert written.getvalue().splitlines() == ["talk [0]: hello", "talk [1]: 2.0 kB"]
    view._live.console.print(view._drawn())
    assert "2 items" in written.getvalue()
