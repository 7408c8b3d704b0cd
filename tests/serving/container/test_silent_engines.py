"""Engines that hang or are slow, and who makes an image: programs that answer as an engine does."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.conformance.streams import until

from headrace_dags.errors import EnvironmentLack
from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine
from headrace_serving.container.image import Building, Recipe
from headrace_serving.container.memory import killed_for_memory
from headrace_serving.container.providing import provide

pytestmark = pytest.mark.asyncio

LAYERS = """
case "$1 $2" in
  "image inspect")
    case "$4" in
      *Layers*) case "$5" in
        base) cat base ;;
        *) [ -f image ] && cat image ;;
      esac ;;
      *) [ -f image ] && echo sha256:old ;;
    esac ;;
  "build --force-rm")
    cat >/dev/null
    echo build >>asked
    sleep 0.3
    sed 's/]/,"own"]/' base >image ;;
  "image rm") echo "rm $3" >>asked ;;
esac
"""


def engine(folder: Path, script: str) -> Engine:
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\ncd {folder}\n{script}")
    path.chmod(0o755)
    return Engine(str(path), "docker", "28", "x86_64")


async def test_an_engine_that_hangs_is_named_and_its_client_ended(tmp_path: Path) -> None:
    hanging = engine(tmp_path, "echo $$ >pid\nexec sleep 60\n")
    with pytest.raises(
        EnvironmentLack, match=r"\[container-engine\].*`docker network ls` to end, got no answer in 0.5 s"
    ):
        await ask(hanging, "network", "ls", limit_s=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_what_is_asked_is_ended_with_who_asks(tmp_path: Path) -> None:
    asking = asyncio.ensure_future(ask(engine(tmp_path, "echo $$ >pid\nexec sleep 60\n"), "info"))
    await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_two_runs_make_one_image_and_a_new_base_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "base").write_text('["first"]\n')
    asked, told = tmp_path / "asked", list[Building]()
    docker, made = engine(tmp_path, LAYERS), Recipe("base", "x86_64", "", {"Dockerfile": str(tmp_path)})

    async def provided() -> None:
        await provide(docker, made, tmp_path / "log", told.append)

    await asyncio.gather(provided(), provided())
    assert asked.read_text().split("\n") == ["build", ""]
    assert [each.waits for each in told].count(True) == 1
    await provided()
    assert asked.read_text().split("\n") == ["build", ""]
    (tmp_path / "base").write_text('["second"]\n')
    await provided()
    assert asked.read_text().split("\n") == ["build", "build", "rm sha256:old", ""], "the one on the old base goes"


@pytest.mark.parametrize(
    ("text", "count"), [("low 0\noom 3\noom_kill 2\n", 2), ("oom_kill_disable 0\noom_kill 1\n", 1), ("low 0\n", 0)]
)
async def test_what_the_kernel_says_of_memory(
    text: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "events").write_text(text)
    monkeypatch.setattr(
        "headrace_serving.container.memory._COUNTS", (tmp_path / "none", tmp_path / "events", tmp_path / "none")
    )
    assert killed_for_memory() == count
