"""Which engine is used and what is said of one that cannot be: programs that answer as Docker and Podman do, and other systems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace_dags.errors import EnvironmentLack
from headrace_serving.container.engine import Answer, Engine, Surroundings
from headrace_serving.container.probe import find, findings

DOCKER = {
    "ServerVersion": "28.2.2",
    "Architecture": "aarch64",
    "OSType": "linux",
    "MemTotal": 8 << 30,
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"],
}
PODMAN = {
    "host": {"arch": "amd64", "memTotal": 4 << 30, "security": {"rootless": False, "selinuxEnabled": True}},
    "version": {"Version": "5.1.0"},
}
DOWN = {"ServerErrors": ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock."]}


def program(folder: Path, name: str, says: Any, complains: str = "", code: int = 0) -> None:
    """A program that answers to everything in one way."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(says)}\nEND\necho '{complains}' >&2\nexit {code}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the only docker and podman that there are."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    return tmp_path


def lacks(wanted: str = "auto") -> dict[str, str]:
    with pytest.raises(EnvironmentLack) as caught:
        find(wanted)
    assert {each.code for each in caught.value.problems} == {"container-engine"}
    return {each.expected.split()[1].lower(): f"{each.got}. {each.write}" for each in caught.value.problems}


def test_what_an_engine_says_of_itself(programs: Path) -> None:
    program(programs, "docker", DOCKER)
    program(programs, "podman", PODMAN)
    path = str(programs / "docker")
    assert find() == Engine(path, "docker", "28.2.2", "aarch64", rootless=True, memory_bytes=8 << 30)
    found = find("podman")
    assert (found.kind, found.machine, found.selinux, found.rootless) == ("podman", "x86_64", True, False)
    assert str(found) == "Podman 5.1.0 on x86_64"


def test_the_first_that_works_is_used(programs: Path) -> None:
    program(programs, "docker", DOWN, "Cannot connect", 1)
    program(programs, "podman", PODMAN)
    assert find().kind == "podman"
    assert "Start it (sudo systemctl start docker)" in lacks("docker")["docker"]


def test_a_podman_that_is_called_docker(programs: Path) -> None:
    program(programs, "docker", PODMAN)
    assert find().kind == "podman"


def test_none_is_there(programs: Path) -> None:
    found = lacks()
    assert found.keys() == {"docker", "podman"}
    assert all("Install Podman (apt-get install podman" in each for each in found.values())


@pytest.mark.parametrize(
    ("says", "complains", "advice"),
    [
        (DOWN, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.. Start it (sudo systemctl"),
        ({}, "permission denied while trying to connect to /var/run/docker.sock", "usermod -aG docker $USER"),
        ({}, "something else", "something else. Start it"),
    ],
)
def test_what_is_in_the_way_is_told_with_what_to_do(says: Any, complains: str, advice: str, programs: Path) -> None:
    program(programs, "docker", says, complains, 1)
    assert advice in lacks("docker")["docker"]


def test_an_engine_of_another_machine(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "docker", DOCKER)
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")
    assert "Unset DOCKER_HOST" in lacks("docker")["docker"]


def test_an_engine_of_another_machine_that_a_context_names(programs: Path) -> None:
    answers = f"case $1 in context) echo ssh://me@elsewhere ;; *) echo '{json.dumps(DOCKER)}' ;; esac"
    (programs / "docker").write_text(f"#!/bin/sh\n{answers}\n")
    (programs / "docker").chmod(0o755)
    said = lacks("docker")["docker"]
    assert "an engine on another machine (ssh://me@elsewhere)" in said
    assert "Run docker context use default" in said


def test_what_the_environment_names_is_named(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "docker", DOWN, "Cannot connect", 1)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert "Start what DOCKER_HOST names, or unset it" in lacks("docker")["docker"]


@pytest.mark.parametrize(
    ("facts", "advice"), [({"OSType": "windows"}, "Linux containers"), ({"Architecture": "riscv64"}, "x86_64")]
)
def test_containers_that_hold_no_server(facts: Any, advice: str, programs: Path) -> None:
    program(programs, "docker", DOCKER | facts)
    assert advice in lacks("docker")["docker"]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (Answer(), "Install Docker Desktop, Podman (brew install podman) or Colima"),
        (Answer("/usr/local/bin/docker", complaint="Cannot connect"), "Start Docker Desktop, or run colima start"),
    ],
)
def test_what_to_do_on_a_mac(answer: Answer, advice: str) -> None:
    found = findings(Surroundings("Darwin", client=True, answers={"docker": answer}))
    assert not found[0].ok
    assert advice in found[0].fix


def test_what_to_do_on_windows() -> None:
    (found,) = findings(Surroundings("Windows", client=True, answers={}))
    assert "Work inside WSL2 (wsl --install)" in found.fix


def test_the_client_is_needed(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    around = Surroundings("Linux", client=False, answers={"docker": Answer("/bin/docker", DOCKER)})
    with pytest.raises(EnvironmentLack, match=r"\[container-client\].*pip install 'headrace\[triton\]'"):
        find(around=around)
