"""What SIGTERM and a closed terminal do: the same as Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time

import pytest
from tests.front.conftest import MP4, Project

from headrace.launch.interrupts import one_interrupt

DOZE = """\
import time

import headrace as hr


@hr.step
def doze(video: hr.Video) -> int:
    return video.size


@hr.dag
def slow(video: hr.Video) -> int:
    return doze(video)
"""


def test_a_request_to_end_is_an_interrupt() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), one_interrupt():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with one_interrupt():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("how", ["closed", signal.SIGTERM, signal.SIGINT])
def test_a_copy_of_gigabytes_ends_at_once(how: str | signal.Signals, project: Project) -> None:
    project.write("slow.py", DOZE)
    with project.write("large.mp4", MP4).open("ab") as file:
        file.truncate(4 << 30)
    terminal, ours = pty.openpty()
    command = project.command("run", "slow.py", "--input", "video=@large.mp4", "--runtime", "inprocess")
    process = subprocess.Popen(
        command, cwd=project.folder, env=project.environment(), stdin=ours, stdout=ours, stderr=ours, process_group=0
    )
    os.close(ours)
    try:
        shown = b""
        while b"storing the inputs" not in shown:
            shown += os.read(terminal, 4096)
        begun_s = time.monotonic()
        if how == "closed":
            os.close(terminal)
            process.send_signal(signal.SIGHUP)
        else:
            process.send_signal(how)
        assert process.wait(10) == 130
        assert time.monotonic() - begun_s < 2
    finally:
        process.kill()
        process.wait()
        if how != "closed":
            os.close(terminal)
    folders = [project.folder / ".headrace" / name for name in ("runs", "objects/local", "scratch")]
    assert not [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
