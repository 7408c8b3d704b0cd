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
from headrace.launch.runtime import choose, repair
from headrace_dags.errors import EnvironmentLack
from headrace_serving.triton.host import Host
from headrace_serving.triton.supervisor import Repaired, Restarted

WITHOUT_WHEEL = {"wheel": None, "wheel_version": "", "client": False}
LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "triton-server": (WITHOUT_WHEEL, "pip install 'headrace[triton]'"),
    "triton-glibc": ({"glibc": (2, 31)}, "Use a newer system"),
    "triton-python3": ({"python3": "3.9 /usr"}, "Make a virtual environment"),
    "triton-shared-memory": ({"shared_memory_bytes": 1 << 20}, "--shm-size=1g"),
    "triton-platform": ({"system": "Darwin"}, "Run it on Linux"),
}
"""What a machine may lack, and a part of what is then advised."""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets this machine look like another one."""

    def pretend(**facts: Any) -> None:
        other = replace(Host.current(), **facts)
        monkeypatch.setattr(Host, "current", classmethod(lambda _cls: other))

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
    assert "not exercised" in chosen.banner


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
