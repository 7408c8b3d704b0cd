"""Which runtime is chosen where Triton lacks something, and what doctor says of such a machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.front.conftest import Project

from headrace.cli import invoke
from headrace.doctor import examine as examination
from headrace.doctor.runtimes import findings
from headrace.launch.runtime import choose, repair
from headrace_dags.errors import EnvironmentLack
from headrace_serving.container.engine import Answer, Surroundings
from headrace_serving.triton.host import Host
from headrace_serving.triton.supervisor import Repaired, Restarted

WITHOUT_WHEEL = {"wheel": None, "wheel_version": "", "client": False}
LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "triton-server": (WITHOUT_WHEEL, "pip install 'headrace[triton]'"),
    "triton-glibc": ({"glibc": (2, 31)}, "Use a newer system"),
    "triton-python3": ({"python3": "3.9 /usr"}, "Make a virtual environment"),
    "triton-shared-memory": ({"shared_memory_bytes": 1 << 20}, "--shm-size=1g"),
    "triton-platform": ({"system": "Darwin"}, "Use the runtime container"),
}
"""What a machine may lack, and a part of what is then advised."""


MAC = ("macosx_14_0_arm64", "macosx_13_0_arm64")
DOCKER = {"ServerVersion": "28.2.2", "Architecture": "aarch64", "OSType": "linux"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets this machine look like another one, by default one without any container engine."""

    def pretend(answer: Answer = Answer(), **facts: Any) -> None:  # noqa: B008  # frozen
        other = replace(Host.current(), **facts)
        around = Surroundings(other.system, client=True, answers={"docker": answer})
        monkeypatch.setattr(Host, "current", classmethod(lambda _cls: other))
        monkeypatch.setattr(Surroundings, "current", classmethod(lambda _cls, _wanted="auto": around))

    return pretend


def arguments(project: Project, *more: str) -> list[str]:
    video = f"video=@{project.folder / 'talk.mp4'}"
    dag, out = str(project.folder / "loud.py"), str(project.folder / "results")
    return ["run", dag, "--input", "text=a b", "--input", video, "--out", out, *more]


def test_triton_is_the_default_where_it_can_run() -> None:
    assert choose("auto").name == "triton"
    assert choose("triton").banner == ""


def test_in_process_says_what_is_not_exercised() -> None:
    assert "not exercised: the server, the borders between processes" in choose("inprocess").banner


def test_without_the_wheel_the_default_runs_in_process_and_says_why(machine: Callable[..., None]) -> None:
    machine(**WITHOUT_WHEEL)
    chosen = choose("auto")
    assert chosen.name == "inprocess"
    assert "Triton cannot run here: it needs the package nvidia-pytriton" in chosen.banner
    assert "pip install 'headrace[triton]'" in chosen.banner
    assert "a container cannot run here: it needs Docker to answer, with Linux containers" in chosen.banner
    assert "not exercised" in chosen.banner


def test_without_the_wheel_the_default_is_a_container_and_says_why(machine: Callable[..., None]) -> None:
    machine(answer=Answer("/bin/docker", DOCKER), **WITHOUT_WHEEL)
    chosen = choose("auto")
    assert (chosen.name, str(chosen.engine)) == ("container", "Docker 28.2.2 on aarch64")
    assert chosen.banner.startswith(
        "Runtime container (Docker 28.2.2 on aarch64), because Triton cannot run here: it needs the package"
    )
    assert choose("container").banner == ""


def test_a_container_that_was_asked_for_is_never_replaced(
    machine: Callable[..., None], project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(answer=Answer("/bin/docker", complaint="permission denied"))
    assert invoke(arguments(project, "--runtime", "container")) == 3
    told = capsys.readouterr().err
    assert "runtime container [container-engine]: needs Docker to answer" in told
    assert "got permission denied. Join the group docker (sudo usermod -aG docker $USER" in told


def engine_that_only_answers(folder: Path) -> Answer:
    """An engine that answers, and fails at all that it is asked to do."""
    path = folder / "docker"
    path.write_text("#!/bin/sh\necho no such registry >&2\nexit 1\n")
    path.chmod(0o755)
    return Answer(str(path), DOCKER)


def test_an_image_that_cannot_be_made_is_told_where_a_container_was_asked_for(
    machine: Callable[..., None], project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(answer=engine_that_only_answers(tmp_path))
    assert invoke(arguments(project, "--runtime", "container")) == 3
    told = capsys.readouterr().err
    assert "[container-image]: expects docker to build the image headrace-runtime:" in told
    assert "no such registry" in told


def test_an_image_that_cannot_be_made_is_no_end_where_nothing_was_asked_for(
    machine: Callable[..., None], project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(answer=engine_that_only_answers(tmp_path), **WITHOUT_WHEEL)
    assert invoke(arguments(project)) == 0
    told = capsys.readouterr()
    assert "loud succeeded in " in told.out
    assert " on inprocess, run " in told.out
    assert "Runtime inprocess, because Triton cannot run here" in told.err
    assert "a container cannot run here: it expects docker to build the image" in told.err


@pytest.mark.parametrize("code", LACKS)
def test_triton_that_was_asked_for_is_never_replaced(
    code: str,
    machine: Callable[..., None],
    project: Project,
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts, advice = LACKS[code]
    machine(**facts)
    with pytest.raises(EnvironmentLack):
        choose("triton")
    assert invoke(arguments(project, "--runtime", "triton")) == 3
    told = capsys.readouterr().err
    assert f"[{code}]: needs " in told
    assert advice in told
    assert not (project.folder / "results").exists()


def test_a_run_without_the_wheel_succeeds_in_process(
    machine: Callable[..., None], project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(**WITHOUT_WHEEL)
    assert invoke(arguments(project)) == 0
    told = capsys.readouterr()
    assert "loud succeeded in " in told.out
    assert "Runtime inprocess, because Triton cannot run here" in told.err


def test_doctor_names_what_is_missing_and_how_to_get_it(
    machine: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    machine(**WITHOUT_WHEEL)
    assert invoke(["doctor"]) == 3
    told = capsys.readouterr().out
    assert "missing  server" in told
    assert "needs the package nvidia-pytriton, which holds the server; pip install 'headrace[triton]'" in told
    assert told.rstrip().endswith("Triton cannot run here; dags run with --runtime inprocess.")


def test_doctor_is_content_with_a_container(machine: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    machine(answer=Answer("/bin/docker", DOCKER), **WITHOUT_WHEEL)
    assert invoke(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "note     server" in told
    assert told.rstrip().endswith("dags run on Triton in a container here (Docker 28.2.2 on aarch64).")


@pytest.mark.parametrize(
    ("system", "advice"),
    [
        ("Darwin", ("Use the runtime container", "Install Docker Desktop, Podman (brew install podman) or Colima")),
        ("Windows", ("Work inside WSL2 (wsl --install)", "Work inside WSL2 (wsl --install)")),
    ],
)
def test_doctor_says_what_to_do_on_other_systems(system: str, advice: tuple[str, str]) -> None:
    host = replace(Host.current(), system=system, machine="arm64", glibc=None)
    around = Surroundings(system, client=True, answers={"docker": Answer()})
    tags, platform, engine, *_ = findings(host, MAC, around)
    assert (tags.name, tags.standing) == ("wheel tags", "missing")
    assert tags.detail == "takes macosx_14_0_arm64, macosx_13_0_arm64 and older"
    assert tags.needed == "a wheel for manylinux_2_35_x86_64 or manylinux_2_35_aarch64"
    assert advice[0] in platform.fix
    assert advice[1] in engine.fix


@pytest.mark.parametrize("tag", ["manylinux_2_35_x86_64", "manylinux_2_35_aarch64"])
def test_doctor_names_the_wheel_that_is_taken(tag: str) -> None:
    found = findings(Host.current(), ("manylinux_2_36_x86_64", tag), Surroundings("Linux", client=True, answers={}))
    assert (found[0].standing, found[0].detail) == ("ok", f"takes {tag}")


def test_doctor_is_content_with_a_whole_machine(
    machine: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    machine()
    assert invoke(["doctor"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("Everything is there: dags run on Triton here.")


def test_doctor_sees_a_full_disk_and_a_missing_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10, 9, 1))
    monkeypatch.setattr(examination, "_version", lambda name: "" if name in {"onnxruntime", "numpy"} else "1.0")
    found = {each.name: each for each in examination.examine(tmp_path / ".headrace")}
    assert (found["disk"].standing, found["numpy"].standing) == ("missing", "missing")
    assert found["onnxruntime"].standing == "optional"
    assert found["onnxruntime"].fix == "pip install 'headrace[onnx]'"


def test_repairs_are_told_in_a_line() -> None:
    repaired = Repaired("ocr", "process 4711 of model ocr was killed by SIGKILL", 0.21)
    assert repair(repaired) == "process 4711 of model ocr was killed by SIGKILL; it answers again after 0.2 s"
    restarted = Restarted("the server was killed by SIGKILL", 1.04)
    assert (
        repair(restarted) == "the server was restarted (the server was killed by SIGKILL); it answers again after 1.0 s"
    )
