"""``headrace run --runtime container`` as a person starts and ends it: results, images, Ctrl-C, and drivers that are killed."""

from __future__ import annotations

import json
import os
import signal
import wave
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import numpy as np
import pytest
from tests.container import base as base_image
from tests.container.conftest import ENGINE, until
from tests.front.conftest import Project, Ran

from headrace_serving.container.engine import Engine
from headrace_serving.container.leftovers import LOCK, OWNER, SERVER, Lock, owner

pytestmark = pytest.mark.container
Containers = Callable[[], list[Any]]

TALK = """\
import os
import socket
import time
from collections.abc import Iterator
from typing import NamedTuple

import headrace as hr
import numpy as np
from pydantic import BaseModel
from shouty import shout


class Said(BaseModel):
    seconds: float
    loudness: float


class Timeline(BaseModel):
    title: str
    said: list[Said]
    slides: list[float]


class Talk(NamedTuple):
    timeline: Timeline
    cover: hr.Image


@hr.step(max_items=16)
def utterances(sound: hr.Audio) -> Iterator[hr.Audio]:
    for start in range(0, len(sound), 16_000):
        yield sound[start : start + 16_000]


@hr.batched(size=4)
def hear(sounds: hr.Batch[hr.Audio]) -> hr.Batch[Said]:
    return [Said(seconds=len(each) / 16_000, loudness=float(np.abs(each).mean())) for each in sounds]


@hr.step(max_items=8)
def slides(title: hr.Text) -> Iterator[hr.Image]:
    for number, letter in enumerate(title[:5]):
        yield np.full((9 + number, 16, 3), ord(letter) % 256, np.uint8)


class Read(hr.Stateful):
    scale: float = 2.0

    def setup(self) -> None:
        self.table = np.arange(256) * self.scale

    def __call__(self, slide: hr.Image) -> float:
        return float(self.table[slide].mean())


@hr.step
def timeline(title: hr.Text, said: hr.Many[Said], slides: hr.Many[float]) -> Timeline:
    return Timeline(title=shout(title), said=said, slides=slides)


@hr.step
def cover(slides: hr.Many[hr.Image]) -> hr.Image:
    return np.concatenate(slides)


@hr.dag
def talk(title: hr.Text, sound: hr.Audio) -> Talk:
    shown = slides(title)
    return Talk(timeline(title, hear.map(utterances(sound)), Read().map(shown)), cover(shown))


@hr.step
def wait(text: hr.Text) -> hr.Text:
    time.sleep(600)
    return text


@hr.dag
def slow(text: hr.Text) -> hr.Text:
    return wait(text)


class Whisper(hr.Stateful):
    key: hr.Secret = hr.Secret("WHISPER_KEY")

    def __call__(self, text: hr.Text) -> hr.Text:
        return f"{text} {len(self.key.reveal())} {os.environ.get('NOT_FOR_STEPS')} {os.getuid()}"


@hr.dag
def quiet(text: hr.Text) -> hr.Text:
    return Whisper()(text)
"""


@dataclass(frozen=True)
class Talks:
    """A project in which everything runs in a container."""

    project: Project
    settings: Mapping[str, str]

    def run(self, dag: str, *arguments: str, **environment: str) -> Ran:
        return self.project.headrace("run", f"talk.py:{dag}", *arguments, **{**self.settings, **environment})

    def listen(self, *arguments: str, **environment: str) -> Ran:
        inputs = ("--input", "title=slides", "--input", "sound=@talk.wav")
        return self.run("talk", *inputs, *arguments, **environment)


@pytest.fixture
def talks(engine: Engine, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talks:
    project = Project(tmp_path / "project")
    project.write("pyproject.toml", "[tool.headrace]\n")
    project.write("requirements.txt", "headrace\nshouty==1.0\n")
    project.write("talk.py", TALK)
    samples = (np.sin(np.arange(56_000) / 8) * np.linspace(0, 9000, 56_000)).astype(np.int16)
    with wave.open(str(project.folder / "talk.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    packages = tmp_path / "packages"
    with zipfile.ZipFile(project.write("shouty.zip", base_image.shouty())) as wheel:
        wheel.extractall(packages)
    monkeypatch.setenv("PYTHONPATH", str(packages))  # what is installed here; the container has its own
    return Talks(
        project,
        {"HEADRACE_RUNTIME": "container", "HEADRACE_CONTAINER_BASE": base, ENGINE: engine.kind},
    )


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "results-index.json"}


def test_a_talk_gives_what_it_gives_in_process(talks: Talks, containers: Containers) -> None:
    talks.project.write("requirements.txt", "headrace\nshouty~=1.0\n")  # another image than that of the other tests
    there = talks.listen("--out", "there")
    assert there.code == 0, there.err
    assert "building the image headrace-runtime:" in there.err
    assert "and the packages of requirements.txt: once, a few minutes" in there.err
    assert "talk succeeded in " in there.out
    assert " on container, run " in there.out
    assert talks.listen("--out", "here", HEADRACE_RUNTIME="inprocess").code == 0
    there_files, here_files = (results(talks.project.folder / name) for name in ("there", "here"))
    assert set(there_files) == {"timeline.json", "cover.npy", "cover.png"}
    assert there_files == here_files
    assert json.loads(there_files["timeline.json"])["title"] == "SLIDES!"
    assert containers() == []


def test_a_second_start_builds_nothing(talks: Talks) -> None:
    talks.listen()
    again = talks.listen("--json")
    assert (again.code, again.err) == (0, "")
    assert again.json["runtime"] == "container"
    assert "building" not in talks.listen().err


def test_programs_are_told_of_a_build(talks: Talks) -> None:
    talks.project.write("requirements.txt", "shouty>=1.0\n")
    ran = talks.listen("--json")
    assert ran.json["status"] == "succeeded"
    told = [json.loads(line) for line in ran.err.splitlines()]
    assert told[0]["step"] == 0
    assert "building the image headrace-runtime:" in told[0]["making"]
    steps = [each["step"] for each in told]
    assert steps == sorted(steps)
    assert told[-1]["step"] == told[-1]["steps"] > 5


def test_packages_that_cannot_be_had_are_told(talks: Talks, client: docker.DockerClient) -> None:
    before = client.containers.list(all=True)
    talks.project.write("requirements.txt", "a-package-that-nobody-has==1\n")
    ran = talks.listen()
    assert ran.code == 3
    assert "[container-image]: " in ran.err
    assert "a-package-that-nobody-has" in ran.err
    assert client.containers.list(all=True) == before, "a build that fails leaves nothing, either"


def test_secrets_that_a_dag_names_go_in_and_nothing_else(talks: Talks, containers: Containers) -> None:
    ran = talks.run("quiet", "--input", "text=psst", "--json", WHISPER_KEY="open sesame", NOT_FOR_STEPS="here")
    assert ran.code == 0, ran.err
    assert ran.json["outputs"][0]["value"] == f"psst 11 None {os.getuid()}"


@pytest.fixture
def begun(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The process of a run whose step has begun and does not end."""
    monkeypatch.setattr(Project, "environment", lambda _self, **more: {**os.environ, **talks.settings, **more})
    with talks.project.begun("talk.py:slow", "--input", "text=x") as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_container(number: signal.Signals, talks: Talks, begun: Any, containers: Containers) -> None:
    assert len(containers()) == 1
    begun.send_signal(number)
    _, err = begun.communicate(timeout=60)
    assert begun.returncode == 130
    assert "was cancelled" in err
    assert containers() == []
    assert list(talks.project.folder.glob(".headrace/scratch/*")) == []


def test_a_container_ends_with_its_driver(begun: Any, containers: Containers) -> None:
    assert len(containers()) == 1
    begun.kill()
    begun.wait()
    until(lambda: not containers())


def test_what_outlives_its_driver_goes_at_the_next_start(talks: Talks, begun: Any, containers: Containers) -> None:
    (left,) = containers()
    left.pause()
    begun.kill()
    begun.wait()
    assert [each.id for each in containers()] == [left.id]
    assert talks.listen().code == 0
    assert containers() == []


def test_containers_of_others_stay(talks: Talks, base: str, tmp_path: Path, containers: Containers) -> None:
    from testcontainers.core.container import DockerContainer

    lock = Lock(tmp_path / "held.lock")
    others = {
        "another-persons": {OWNER: "4711@elsewhere", LOCK: str(tmp_path / "none.lock")},
        "another-runs": {OWNER: owner(), LOCK: str(lock.path)},
    }
    made = [
        DockerContainer(base).with_command("sleep 600").with_kwargs(labels={SERVER: name, **labels})
        for name, labels in others.items()
    ]
    with made[0], made[1]:
        assert talks.listen().code == 0
        assert {each.attrs["Labels"][SERVER] for each in containers()} == set(others)
    assert containers() == []


def test_an_engine_that_does_not_answer_is_named(talks: Talks, tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path / 'nowhere.sock'}"
    ran = talks.listen(DOCKER_HOST=nowhere, HEADRACE_CONTAINER_ENGINE="docker", PATH=os.environ["PATH"])
    assert ran.code == 3
    assert "runtime container [container-engine]: needs Docker to answer" in ran.err
