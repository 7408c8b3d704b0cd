"""Parts that the tests of the front share: the command line as a process, and a small project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DAG = """\
from collections.abc import Iterator

import headrace as hr
from pydantic import BaseModel


class Count(BaseModel):
    words: int


@hr.step(max_items=16)
def words(text: hr.Text) -> Iterator[hr.Text]:
    if not text:
        raise hr.InputError("there is nothing to read")
    yield from text.split()


@hr.step
def shout(word: hr.Text) -> hr.Text:
    if word == "boom":
        raise ValueError("a word that cannot be shouted")
    return word.upper()


@hr.step
def count(words: hr.Many[hr.Text]) -> Count:
    return Count(words=len(words))


@hr.dag
def loud(text: hr.Text, video: hr.Video) -> Count:
    return count(keep.map(shout.map(words(text)), video))


@hr.step
def keep(word: hr.Text, video: hr.Video) -> hr.Text:
    return word + str(video.size)
"""
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00\x00\x00\x10moov" + bytes(8)


@dataclass(frozen=True)
class Ran:
    """What a finished process left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Project:
    """A folder with a dag, and the command line in it."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "headrace", *arguments]

    def begun(self, *arguments: str) -> subprocess.Popen[str]:
        """``headrace run``, once a step of it has begun."""
        process = subprocess.Popen(
            self.command("run", *arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while not any(b'"started"' in inbox.read_bytes() for inbox in self.folder.glob(".headrace/runs/*/inbox.jsonl")):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return process

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
        return kept | {"PYTHONWARNINGS": "ignore"} | more

    def headrace(self, *arguments: str, **environment: str) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def through(self, shell: str, *arguments: str) -> Ran:
        """The command as ``"$@"`` of a line of bash."""
        done = subprocess.run(
            ["bash", "-c", shell, "bash", *self.command(*arguments)],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a dag ``loud`` and a video file that passes the door."""
    made = Project(tmp_path)
    made.write("pyproject.toml", "[tool.headrace]\n")
    made.write("loud.py", DAG)
    made.write("talk.mp4", MP4)
    return made


@pytest.fixture
def run_command() -> Callable[..., Any]:
    """The command line in this process, through click's runner."""
    from click.testing import CliRunner

    from headrace.cli import cli

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, list(arguments))

    return run
