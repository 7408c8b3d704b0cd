"""The command line of a container: what it may see, which ports it gets, and all that it may not. Starts nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from headrace_serving.container.engine import Engine
from headrace_serving.container.settings import (
    ANY_ADDRESS,
    GRPC_PORT,
    METRICS_PORT,
    PACKAGES,
    PROJECT,
    RUN,
    TEMPORARY,
    Mount,
)
from headrace_serving.triton.ports import LOOPBACK
from headrace_serving.triton.settings import Endpoint

PROGRAM = ("python3", "-m", "headrace_serving.container.inside")
_HOME = f"{RUN}/{TEMPORARY}"
_MOST_PROCESSES = 16_384
"""With their threads: far more than a server with a hundred models has, far fewer than a machine can bear."""
_NO_NAMES = ("--dns", ANY_ADDRESS, "--dns-option", "timeout:1", "--dns-option", "attempts:1")
"""No name server listens there, in the container: who asks for a name hears in a second that there is none. Else the engine may
ask on its behalf, so that names lead out, or the question waits for an answer that never comes."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container that is to be run.

    Attributes:
        name: no other container bears it.
        image: what it is made of.
        endpoint: ports of this machine's loopback interface that lead to the server.
        mounts: what it sees of this machine.
        shared_memory_bytes: size of its ``/dev/shm``.
        memory_bytes: most memory it may take; 0 for no limit.
        network: name of its network; empty for the engine's own, which leads out.
        user: numbers of the caller's user and group.
        groups: numbers of the caller's further groups: files may be open to these alone.
        labels: what it is found by.
    """

    name: str
    image: str
    endpoint: Endpoint
    mounts: tuple[Mount, ...]
    shared_memory_bytes: int
    memory_bytes: int
    network: str
    user: tuple[int, int]
    groups: tuple[int, ...]
    labels: Mapping[str, str]


def run_command(engine: Engine, container: Container) -> list[str]:
    """The command that runs a container in the foreground, attached to our pipes, and removes it when it has ended."""
    return [
        engine.path,
        "run",
        *_life(container),
        *_limits(engine, container),
        *_sight(container),
        container.image,
        *PROGRAM,
    ]


def remove_command(engine: Engine, name: str) -> list[str]:
    """The command that kills and removes a container."""
    return [engine.path, "rm", "--force", name]


def _life(container: Container) -> Iterator[str]:
    yield from ("--rm", "--interactive", "--name", container.name, "--pull", "never", "--log-driver", "none")
    for name, value in container.labels.items():
        yield from ("--label", f"{name}={value}")
    if container.network:
        yield from ("--network", container.network, *_NO_NAMES)
    for port, inside in ((container.endpoint.grpc_port, GRPC_PORT), (container.endpoint.metrics_port, METRICS_PORT)):
        yield from ("--publish", f"{LOOPBACK}:{port}:{inside}")


def _limits(engine: Engine, container: Container) -> Iterator[str]:
    yield from ("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/tmp")  # noqa: S108
    yield from ("--shm-size", str(container.shared_memory_bytes))
    if container.memory_bytes:
        yield from ("--memory", str(container.memory_bytes))
    if engine.counts_processes:
        yield from ("--pids-limit", str(_MOST_PROCESSES))
    yield from _as_caller(engine, container)
    if engine.selinux:
        # Else the caller's files are closed to containers; to relabel them would change the caller's system.
        yield from ("--security-opt", "label=disable")


def _as_caller(engine: Engine, container: Container) -> Iterator[str]:
    """Files that are written belong to the caller. Without root an engine maps users: Docker the caller to root inside."""
    if not engine.rootless:
        yield from ("--user", f"{container.user[0]}:{container.user[1]}")
        for group in container.groups:
            yield from ("--group-add", str(group))
        if engine.remapped:
            yield from ("--userns", "host")
    elif engine.kind == "podman":
        yield from ("--userns", "keep-id")
    else:
        yield from ("--user", "0:0")


def _sight(container: Container) -> Iterator[str]:
    for mount in container.mounts:
        yield from ("--mount", _fields(_mounted(mount)))
    variables = {"PYTHONPATH": PACKAGES, "HOME": _HOME, "TMPDIR": _HOME, "USER": "headrace"}
    for name, value in variables.items():
        yield from ("--env", f"{name}={value}")
    yield from ("--workdir", PROJECT)


def _mounted(mount: Mount) -> Iterator[str]:
    yield from ("type=bind", f"source={mount.source}", f"target={mount.target}")
    if not mount.writable:
        yield "readonly"


def _fields(fields: Iterable[str]) -> str:
    """A record of CSV, as engines read mounts: so a path may hold a comma."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()
