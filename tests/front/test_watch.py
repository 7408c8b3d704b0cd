"""``headrace run --watch``: what is watched, that each change runs again, and that Ctrl-C ends everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.front.conftest import Project

from headrace.launch.watched import watched
from headrace_dags.errors import BadInput

pytestmark = pytest.mark.timeout(120)

HELPER = "def shouted(text: str) -> str:\n    return text.upper()\n"
DAG = """\
import headrace as hr
import helper


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return helper.shouted(text)


@hr.dag
def loud(text: hr.Text) -> hr.Text:
    return shout(text)
"""
SLOW = "import time\n\n\ndef shouted(text: str) -> str:\n    time.sleep(60)\n    return text\n"


class Session:
    """A watching command; its standard output and error in one stream."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def until(self, text: str) -> str:
        """What is said up to the line that holds ``text``."""
        said = ""
        assert self.process.stdout
        for line in self.process.stdout:
            said += line
            if text in line:
                return said
        raise AssertionError(f"it ended before {text!r}:\n{said}")

    def value(self) -> str:
        """The result of the next run that succeeds."""
        summary = json.loads(self.until('{"format":"run-summary/1"').splitlines()[-1])
        return str(summary["outputs"][0]["value"])

    def interrupt(self) -> str:
        """Press Ctrl-C; the rest of what is said."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 130, said
        return said


@contextmanager
def watching(project: Project, *arguments: str) -> Iterator[Session]:
    command = project.command("run", "loud.py", "-i", "text=@words.txt", "--watch", *arguments)
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Session(process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def small(project: Project) -> Project:
    project.write("loud.py", DAG)
    project.write("helper.py", HELPER)
    project.write("words.txt", "mill wheel")
    return project


def test_each_change_runs_again(small: Project) -> None:
    with watching(small, "--runtime", "inprocess", "--json") as session:
        assert session.value() == "MILL WHEEL"
        session.until("Watching 4 files; Ctrl-C ends.")
        for method in ("lower", "title", "upper"):  # of one size, and soon after one another
            small.write("helper.py", HELPER.replace("upper", method))
            session.until("Changed: helper.py")
            assert session.value() == getattr("mill wheel", method)()
        small.write(".words.txt.new", "a race")
        (small.folder / ".words.txt.new").replace(small.folder / "words.txt")  # as editors save
        session.until("Changed: words.txt")
        assert session.value() == "A RACE"
        session.until("Watching")
        small.write("other.py", "x = 1\n")
        small.write("notes.txt", "not an input")
        small.write("loud.py", DAG.replace("helper.shouted(text)", "helper.shouted(text)[::-1]"))
        session.until("Changed: loud.py")
        assert session.value() == "ECAR A"
        session.until("Watching")
        (problem,) = json.loads(session.interrupt())["problems"]
        assert problem["code"] == "interrupted"


def test_a_broken_edit_is_told_and_watching_goes_on(small: Project) -> None:
    with watching(small, "--runtime", "inprocess", "--json") as session:
        session.until("Watching")
        small.write("loud.py", DAG + "broken(\n")
        assert "[import-failed]" in session.until("Watching")
        small.write("helper.py", HELPER.replace("upper", "title"))  # imported by nothing that can be read just now
        assert "[import-failed]" in session.until("Watching")
        (small.folder / "loud.py").unlink()
        assert "[no-file]" in session.until("Watching")
        small.write("loud.py", DAG)
        assert session.value() == "Mill Wheel"
        session.until("Watching")
        small.write("words.txt", "")
        assert "[input-empty]" in session.until("Watching")
        session.interrupt()


def test_what_an_edit_imports_anew_is_watched_too(small: Project) -> None:
    with watching(small, "--runtime", "inprocess", "--json") as session:
        session.value()
        small.write("more.py", HELPER)
        small.write("loud.py", DAG.replace("helper", "more"))
        session.until("Changed: loud.py")
        session.value()
        session.until("Watching 5 files")
        small.write("more.py", HELPER.replace("upper", "title"))
        session.until("Changed: more.py")
        assert session.value() == "Mill Wheel"


def test_a_change_ends_the_run_that_goes_on(small: Project) -> None:
    small.write("helper.py", SLOW)
    with watching(small, "--runtime", "inprocess", "--state", "state") as session:
        session.until("running")
        small.write("helper.py", HELPER)
        said = session.until("Changed: helper.py")
        assert "was cancelled" in said
        session.until("loud succeeded")
        session.until("Watching")
        assert session.interrupt() == "Interrupted.\n"
    assert "loud cancelled after" in small.headrace("logs", "--state", "state", _oldest(small.folder / "state")).out


def _oldest(state: Path) -> str:
    return min((state / "runs").iterdir(), key=lambda run: (run / "plan.json").stat().st_mtime).name


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_run_that_goes_on(how: signal.Signals, small: Project) -> None:
    small.write("helper.py", SLOW)
    with watching(small, "--runtime", "inprocess") as session:
        session.until("running")
        children = psutil.Process(session.process.pid).children(recursive=True)
        session.process.send_signal(how)
        said, _ = session.process.communicate(timeout=60)
        assert session.process.returncode == 130
        assert said.count("Interrupted.") == 1
        assert "was cancelled" in said
        assert children
        assert not any(each.is_running() for each in children)
    assert not list((small.folder / ".headrace" / "scratch").iterdir())


def test_on_triton_each_run_has_a_server_of_its_own(small: Project) -> None:
    with watching(small, "--runtime", "triton", "--json") as session:
        assert session.value() == "MILL WHEEL"
        session.until("Watching")
        small.write("helper.py", HELPER.replace("upper", "title"))
        assert session.value() == "Mill Wheel"
        session.until("Watching")
        assert not psutil.Process(session.process.pid).children(recursive=True)
        session.interrupt()


def test_one_step_after_each_change(small: Project) -> None:
    small.headrace("run", "loud.py", "-i", "text=mill", "--runtime", "inprocess")
    command = small.command("run", "loud.py", "--step", "shout", "--json", "--watch")
    process = subprocess.Popen(
        command, cwd=small.folder, env=small.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        session = Session(process)
        assert '"value":"MILL"' in session.until('"step-summary/1"')
        small.write("helper.py", HELPER.replace("upper", "title"))
        assert '"value":"Mill"' in session.until('"step-summary/1"')
    finally:
        process.kill()
        process.wait()


def test_nothing_to_run_is_told_at_once(project: Project) -> None:
    done = project.headrace("run", "lod.py", "--watch")
    assert done.code == 2
    assert "Write loud.py." in done.err


def test_what_is_watched(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.folder)
    small.write("frames/a.png", b"x")
    small.write("package/__init__.py", "")
    small.write("package/part.py", "import helper\nimport json\n")
    small.write("dag.py", "from package import part\n\n\ndef late():\n    import loud\n")
    pairs = ("a=@words.txt", "b=@frames/", "c=@frames/*.png", "d=@@name", "e=plain", "f=@missing.txt", "g", "h=@")
    found = watched("dag.py:any", pairs)
    names = {str(file.relative_to(small.folder)) for file in found.files}
    code = {"dag.py", "package/__init__.py", "package/part.py", "helper.py", "loud.py", "pyproject.toml"}
    assert names == code | {"words.txt", "missing.txt", "frames/*.png"}
    assert found.folders == {small.folder / "frames"}
    assert found.concerns(small.folder / "frames" / "b.png")
    assert not found.concerns(small.folder / "frames" / "deep" / "b.png")
    assert not found.concerns(small.folder / "other.py")
    assert found.places == {small.folder, small.folder / "package", small.folder / "frames"}
    assert watched("package.part", ()).files >= {small.folder / "package" / "part.py", small.folder / "helper.py"}
    with pytest.raises(BadInput, match="no-file"):
        watched("gone.py", ())


def test_a_terminals_ctrl_c_reaches_the_run_once(small: Project) -> None:
    """The run is in a process group of its own, so the terminal's signal goes to the watcher alone."""
    small.write("helper.py", SLOW)
    with watching(small, "--runtime", "inprocess") as session:
        session.until("running")
        (child,) = psutil.Process(session.process.pid).children()
        assert os.getpgid(child.pid) == child.pid
        session.interrupt()
