"""What the tests of the runtime container share: a real engine, a base image of this machine's own files, and a look at the engine from outside.

``HEADRACE_CONTAINER_ENGINE=podman make test-container`` picks the engine. Without one the tests fail.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.container import base as base_image

from headrace_dags.errors import EnvironmentLack
from headrace_serving.container.engine import Engine
from headrace_serving.container.leftovers import SERVER
from headrace_serving.container.probe import find

ENGINE = "HEADRACE_CONTAINER_ENGINE"
WHEELS = Path(sys.prefix) / "wheels-of-the-image"
INSTALL = "These tests need Docker or Podman: apt-get install docker.io, and sudo systemctl start docker"


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine that is asked for, or the first that works."""
    try:
        return find(os.environ.get(ENGINE, "auto"))
    except EnvironmentLack as lack:
        pytest.fail(f"{INSTALL}.\n{lack}")


@pytest.fixture(scope="session")
def client(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    """The engine's own programming interface, through testcontainers."""
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # its image would have to be pulled
    with ExitStack() as last:
        if engine.kind == "podman":
            socket = tmp_path_factory.mktemp("podman") / "podman.sock"
            last.enter_context(served(engine, socket))
            os.environ["DOCKER_HOST"] = f"unix://{socket}"
            last.callback(os.environ.pop, "DOCKER_HOST")
        from testcontainers.core.docker_client import DockerClient

        yield DockerClient().client


class served:  # noqa: N801  # reads as a verb
    """Podman answers at a socket while this is entered."""

    def __init__(self, engine: Engine, socket: Path) -> None:
        self._process = subprocess.Popen([engine.path, "system", "service", "--time", "0", f"unix://{socket}"])
        until(socket.exists)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait()


@pytest.fixture(scope="session")
def base(engine: Engine, client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A base image that no engine has seen, so that the first run builds; it goes with all that was built on it."""
    name = f"localhost/headrace-test-base:{secrets.token_hex(4)}"
    before = {image.id for image in client.images.list(filters={"label": "dev.headrace.image=runtime"})}
    base_image.make(engine.path, name, base_image.download(WHEELS), tmp_path_factory.mktemp("base"))
    yield name
    for image in client.images.list(filters={"label": "dev.headrace.image=runtime"}):
        if image.id not in before:
            client.images.remove(image.id, force=True)
    client.images.remove(name, force=True)


@pytest.fixture
def containers(client: docker.DockerClient) -> Callable[[], list[Any]]:
    """The containers of servers that there are at the moment, also those that have ended."""
    return lambda: client.containers.list(all=True, filters={"label": SERVER}, sparse=True)


def until(holds: Callable[[], Any], limit_s: float = 60.0) -> Any:
    """Wait for something that another process does; what it then is."""
    deadline = time.monotonic() + limit_s
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return found
