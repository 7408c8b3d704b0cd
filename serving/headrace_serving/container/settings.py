"""How the container is to be: what a person may set, and the paths and ports inside it. Data only."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headrace_dags.errors import BadInput, Problem

ROOT = "/headrace"
PROJECT = f"{ROOT}/project"
OBJECTS = f"{ROOT}/objects"
RUN = f"{ROOT}/run"
PACKAGES = f"{ROOT}/lib"
TEMPORARY = "tmp"
"""Name of the folder for temporary files, in the folder of the run."""

GRPC_PORT, METRICS_PORT = 8001, 8002
ANY_ADDRESS = "0.0.0.0"  # noqa: S104  # inside the container; outside it the ports are bound to the loopback interface
Network = Literal["closed", "open"]

_NEWEST_MINOR = 12  # the stubs of the server need numpy 1
_SHARE_OF_MEMORY = 3 / 4
_SIZE = re.compile(r"(\d+)([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    """What a person may set.

    Attributes:
        engine: ``docker``, ``podman``, or ``auto`` for the first of these that works.
        base: image that the server's image is built on; ``auto`` is Python's slim image for the running Python.
        requirements: file below the import root that names the packages of the project; ``auto`` looks for one.
        shared_memory_bytes: size of ``/dev/shm`` in the container.
        memory_bytes: most memory that the container may take; 0 for three quarters of what the engine has.
        network: ``closed``, where nothing leads out, or ``open``.
    """

    engine: str = "auto"
    base: str = "auto"
    requirements: str = "auto"
    shared_memory_bytes: int = 1 << 30
    memory_bytes: int = 0
    network: Network = "closed"

    @property
    def base_image(self) -> str:
        """The image to build on, by its full name: Podman does not guess registries."""
        minor = min(sys.version_info[1], _NEWEST_MINOR)
        return f"docker.io/library/python:3.{minor}-slim-bookworm" if self.base == "auto" else self.base

    def memory_of(self, engine_bytes: int) -> int:
        """Most memory of a container where the engine has ``engine_bytes``; 0 where nothing is known."""
        return self.memory_bytes or int(engine_bytes * _SHARE_OF_MEMORY)


def bytes_of(text: str, where: str) -> int:
    """A size as engines write it, in bytes: ``512m``, ``1g``.

    Args:
        text: the size.
        where: who says so.

    Raises:
        BadInput: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise BadInput(Problem("setting-value", where, "expects a size", repr(text), "Write 512m or 1g"))
    return int(match[1]) * _UNITS[match[2].lower()]


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of this machine in the container.

    Attributes:
        source: absolute path here.
        target: path in the container.
        writable: whether the container may write to it.
    """

    source: Path
    target: str
    writable: bool = False
