"""Which container engines a machine has and what they answer, as data. Asks, judges nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import util
from types import MappingProxyType
from typing import Any, Literal, Self

Program = Literal["docker", "podman"]
PROGRAMS: tuple[Program, ...] = ("docker", "podman")
"""In the order in which they are tried."""

_ANSWER_LIMIT_S = 15.0
_CONTEXT_LIMIT_S = 5.0
_VARIABLES: dict[Program, str] = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
_REMOTE = ("tcp://", "http://", "https://", "ssh://")
_MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine said of itself.

    Attributes:
        path: the program; empty where there is none.
        facts: its ``info``; empty where it could not tell.
        complaint: why it could not, in its own words.
        elsewhere: address of the engine, where that is another machine.
        variable: of the environment that names the engine; empty where none does.
    """

    path: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    complaint: str = ""
    elsewhere: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers.

    Attributes:
        path: the program that is run.
        kind: whose engine it is (the program ``docker`` may be Podman's).
        version: of the engine.
        machine: processor architecture of its containers, e.g. ``x86_64``.
        rootless: whether it runs as the caller, not as root.
        selinux: whether SELinux keeps containers from the caller's files.
        system: operating system of its containers.
        memory_bytes: what it has; 0 where it does not say.
        cni: whether its networks are those of CNI, as with Podman before version 5.
        remapped: whether it runs as root and gives containers other users' numbers than this machine's.
        counts_processes: whether it can limit how many processes a container has.
    """

    path: str
    kind: Program
    version: str
    machine: str
    rootless: bool = False
    selinux: bool = False
    system: str = "linux"
    memory_bytes: int = 0
    cni: bool = False
    remapped: bool = False
    counts_processes: bool = True

    def __str__(self) -> str:
        return f"{self.kind.capitalize()} {self.version}{' without root' if self.rootless else ''} on {self.machine}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The facts that decide whether a server can run in a container here.

    Attributes:
        system: name of the operating system, e.g. ``Darwin``.
        client: whether tritonclient and grpc are installed.
        answers: of each program that was asked.
    """

    system: str
    client: bool
    answers: Mapping[Program, Answer]

    @classmethod
    def current(cls, wanted: str = "auto") -> Self:
        """Ask the engines of this machine: ``wanted``, or where that is ``auto`` all; some tenths of a second."""
        asked: list[Program] = [program for program in PROGRAMS if wanted in (program, "auto")]
        return cls(
            system=platform.system(),
            client=bool(util.find_spec("tritonclient") and util.find_spec("grpc")),
            answers={program: ask(program) for program in asked},
        )


def ask(program: Program) -> Answer:
    """What an engine says of itself."""
    path, variable = shutil.which(program), _VARIABLES[program]
    if path is None:
        return Answer()
    named = variable if os.environ.get(variable) else ""
    try:
        done = _said([path, "info", "--format", "{{json .}}"], _ANSWER_LIMIT_S)
    except subprocess.TimeoutExpired:
        return Answer(path, complaint=f"no answer in {_ANSWER_LIMIT_S:g} s", variable=named)
    except OSError as error:
        return Answer(path, complaint=str(error))
    facts = _facts(done.stdout)
    complaint = _complaint(facts, done.stderr) if done.returncode or not facts else ""
    return Answer(path, {} if complaint else facts, complaint, _elsewhere(path, program), named)


def engine_of(answer: Answer) -> Engine | None:
    """The engine that gave an answer; ``None`` where none did."""
    facts = answer.facts
    if not facts:
        return None
    return _podman(answer.path, facts) if "host" in facts else _docker(answer.path, facts)


def _podman(path: str, facts: Mapping[str, Any]) -> Engine:
    host = facts["host"]
    security = host.get("security", {})
    return Engine(
        path,
        "podman",
        str(facts.get("version", {}).get("Version", "")),
        _machine(host.get("arch", "")),
        rootless=bool(security.get("rootless")),
        selinux=bool(security.get("selinuxEnabled")),
        memory_bytes=int(host.get("memTotal", 0)),
        cni=host.get("networkBackend") == "cni",
        counts_processes="pids" in (host.get("cgroupControllers") or ()),
    )


def _docker(path: str, facts: Mapping[str, Any]) -> Engine:
    options = {str(option).partition(",")[0] for option in facts.get("SecurityOptions") or ()}
    return Engine(
        path,
        "docker",
        str(facts.get("ServerVersion", "")),
        _machine(facts.get("Architecture", "")),
        rootless="name=rootless" in options,
        selinux="name=selinux" in options,
        system=str(facts.get("OSType", "linux")),
        memory_bytes=int(facts.get("MemTotal", 0)),
        remapped="name=userns" in options,
        counts_processes=bool(facts.get("PidsLimit", True)),
    )


def _machine(name: object) -> str:
    return _MACHINES.get(str(name), str(name))


def _facts(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _complaint(facts: Mapping[str, Any], said: str) -> str:
    """Why there is no engine; Docker's client says it among its facts, too."""
    lines = [*(str(each) for each in facts.get("ServerErrors") or ()), *said.splitlines()]
    return next((line.strip() for line in lines if line.strip()), "no answer")


def _elsewhere(path: str, program: Program) -> str:
    """The engine's address, where it is named and is another machine: that has not the caller's files."""
    address = os.environ.get(_VARIABLES[program], "") or (_of_context(path) if program == "docker" else "")
    return address if address.startswith(_REMOTE) else ""


def _of_context(path: str) -> str:
    """Where the context leads that Docker's client is set to; empty where it cannot tell, as Podman under Docker's name."""
    command = [path, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    try:
        done = _said(command, _CONTEXT_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()


def _said(command: Sequence[str], limit_s: float) -> subprocess.CompletedProcess[str]:
    """What a program that the person has installed says to a command."""
    return subprocess.run(  # noqa: S603
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=limit_s
    )
