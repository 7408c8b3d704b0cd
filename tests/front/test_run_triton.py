"""``headrace run`` on the real server: the same results and errors as in process, and nothing left behind when it is interrupted."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.front.conftest import Project

GOOD = ("--input", "text=one two three", "--input", "video=@talk.mp4")
SLOW = """\
import time

import headrace as hr


@hr.step
def doze(text: hr.Text) -> hr.Text:
    time.sleep(60)
    return text


@hr.dag
def slow(text: hr.Text) -> hr.Text:
    return doze(text)
"""


@dataclass(frozen=True)
class Traces:
    """What a running command holds of the machine."""

    processes: tuple[psutil.Process, ...]
    ports: tuple[int, ...]
    regions: tuple[str, ...]

    @property
    def left(self) -> list[str]:
        """What of it is still there."""
        alive = [str(each) for each in self.processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        return alive + [str(port) for port in self.ports if _answers(port)] + list(_regions(self.regions))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _regions(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path.name for path in Path("/dev/shm").iterdir() if path.name.startswith(prefixes or ("?",)))


def traces(process: subprocess.Popen[str]) -> Traces:
    children = psutil.Process(process.pid).children(recursive=True)
    ports = {each.laddr.port for child in children for each in child.net_connections() if each.status == "LISTEN"}
    words = [word for child in children for word in child.cmdline()]
    found = (re.search(r"shm-region-prefix-name=(\S+)", word) for word in words)
    return Traces(tuple(children), tuple(ports), tuple({each[1] for each in found if each}))


def started(project: Project) -> subprocess.Popen[str]:
    """A run on Triton whose step has begun and takes a minute."""
    project.write("slow.py", SLOW)
    return project.begun("slow.py", "--input", "text=a", "--runtime", "triton")


def test_a_run_on_triton(project: Project) -> None:
    done = project.headrace("run", "loud.py", *GOOD, "--runtime", "triton", "--json")
    assert done.code == 0, done.err
    assert done.json["runtime"] == "triton"
    assert done.json["outputs"][0]["value"] == {"words": 3}
    assert project.headrace("logs", "--server").out
    assert not list((project.folder / ".headrace" / "scratch").iterdir())


def test_failures_on_triton_are_those_of_the_step(project: Project) -> None:
    raised = project.headrace(
        "run", "loud.py", "--input", "text=one boom", "--input", "video=@talk.mp4", "--runtime", "triton"
    )
    assert raised.code == 1
    assert "loud.py:21 (shout, item 1) [step]: ValueError: a word that cannot be shouted" in raised.err
    refused = project.headrace(
        "run", "loud.py", "--input", "text=", "--input", "video=@talk.mp4", "--runtime", "triton"
    )
    assert refused.code == 2
    assert "(words.text) [input]: there is nothing to read" in refused.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(how: signal.Signals, project: Project) -> None:
    process = started(project)
    held = traces(process)
    assert held.processes
    assert held.ports
    assert held.regions
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in err
    assert held.left == []
    assert not list((project.folder / ".headrace" / "scratch").iterdir())
    assert "slow cancelled after" in project.headrace("logs").out


def test_ctrl_c_in_a_terminal_reaches_everybody_and_is_clean(project: Project) -> None:
    """A terminal sends SIGINT to the whole process group, and the live table is drawn there."""
    project.write("slow.py", SLOW)
    command = project.command("run", "slow.py", "--input", "text=a", "--runtime", "triton")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        os.execve(command[0], command, project.environment(TERM="xterm", COLUMNS="100", LINES="30"))
    seen = _until(terminal, b"running", 60)
    time.sleep(0.3)
    children = psutil.Process(pid).children(recursive=True)
    os.write(terminal, b"\x03")
    seen += _until(terminal, b"Interrupted.", 30)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert b"doze" in seen
    assert b"NODE" in seen
    assert not [each for each in children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def _until(terminal: int, text: bytes, limit_s: float) -> bytes:
    """Read a terminal until ``text`` is there."""
    seen, deadline = b"", time.monotonic() + limit_s
    while text not in seen:
        assert time.monotonic() < deadline, seen.decode(errors="replace")
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError as error:
                raise AssertionError(seen.decode(errors="replace")) from error
    return seen
