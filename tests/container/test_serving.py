"""The runtime container keeps the executor's contract in a real engine; and what only a container does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from tests.conformance.runtimes import (
    Driver,
    LoadingConformance,
    Make,
    RuntimeConformance,
    Served,
    driver,
    served,
)

from headrace_dags.plan.model import Plan
from headrace_serving.container.engine import Engine
from headrace_serving.container.housing import InContainer
from headrace_serving.container.leftovers import SERVER
from headrace_serving.container.settings import ContainerSettings
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.triton import TritonExecutor, TritonSettings
from headrace_serving.triton.supervisor import Repaired, Restarted, ServerEvent

__all__ = ("driver", "served")

pytestmark = [pytest.mark.container, pytest.mark.asyncio(loop_scope="class")]
Containers = Callable[[], list[Any]]
MIB = 1 << 20


@pytest.fixture(scope="class")
def events() -> list[ServerEvent]:
    """What supervision has told of the executors of a class."""
    return []


@pytest.fixture(scope="class")
def make(engine: Engine, base: str, events: list[ServerEvent]) -> Make:
    settings = ContainerSettings(base=base, memory_bytes=2048 * MIB, shared_memory_bytes=512 * MIB)

    def made(plan: Plan, place: Workplace) -> TritonExecutor:
        given = TritonSettings(environment={"FAILS": os.environ.get("FAILS", "")})
        return TritonExecutor(plan, place, given, events.append, InContainer(engine, settings, place))

    return made


def running(client: docker.DockerClient) -> Any:
    (container,) = client.containers.list(filters={"label": SERVER})
    return container


def kill(container: Any, program: str, *words: str) -> None:
    """Kill the process in a container that runs ``program`` with ``words`` in its command line."""
    code = (
        "import os, sys\n"
        "for pid in (int(name) for name in os.listdir('/proc') if name.isdigit()):\n"
        "    words = open(f'/proc/{pid}/cmdline').read().split(chr(0))\n"
        "    if os.path.basename(words[0]) == sys.argv[1] and all(word in ' '.join(words) for word in sys.argv[2:]):\n"
        "        sys.exit(os.kill(pid, 9))\n"
        "sys.exit('no such process')"
    )
    done = container.exec_run(["python3", "-c", code, program, *words], user=f"{os.getuid()}:{os.getgid()}")
    assert done.exit_code == 0, done.output


class TestContainer(RuntimeConformance):
    async def test_it_is_told_of(self, driver: Driver) -> None:
        assert driver.executor.name == "container"

    async def test_it_may_do_little(self, driver: Driver, client: docker.DockerClient) -> None:
        found = running(client).attrs
        host = found["HostConfig"]
        assert found["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"
        assert host["ReadonlyRootfs"]
        assert (host["Memory"], host["ShmSize"]) == (2048 * MIB, 512 * MIB)
        assert "no-new-privileges" in json.dumps(host["SecurityOpt"])
        bindings = [each for found in host["PortBindings"].values() for each in found]
        assert {each["HostIp"] for each in bindings} == {"127.0.0.1"}
        mounts = {each["Destination"]: each["RW"] for each in found["Mounts"]}
        assert mounts["/headrace/project"] is False
        assert mounts["/headrace/run"] is True
        assert mounts["/headrace/lib/headrace_dags"] is False

    async def test_the_steps_reach_no_network(self, driver: Driver, client: docker.DockerClient) -> None:
        code = "import socket; socket.create_connection(('192.0.2.77', 80), 1)"
        done = running(client).exec_run(["python3", "-c", code])
        assert done.exit_code == 1
        assert b"timed out" in done.output or b"unreachable" in done.output

    async def test_names_lead_nowhere_and_that_is_known_at_once(
        self, driver: Driver, client: docker.DockerClient
    ) -> None:
        code = (
            "import socket, time\n"
            "begun = time.monotonic()\n"
            "try:\n"
            "    socket.getaddrinfo('elsewhere.example', 80)\n"
            "except socket.gaierror:\n"
            "    raise SystemExit(time.monotonic() - begun > 10)\n"
            "raise SystemExit(2)"
        )
        assert running(client).exec_run(["python3", "-c", code]).exit_code == 0

    async def test_processes_are_bounded(self, driver: Driver, client: docker.DockerClient) -> None:
        assert running(client).attrs["HostConfig"]["PidsLimit"] == 16_384

    async def test_the_caller_owns_what_is_written(self, driver: Driver) -> None:
        assert {path.lstat().st_uid for path in driver.served.workplace.scratch.rglob("*")} == {os.getuid()}

    async def test_a_call_outlives_the_death_of_its_process(
        self, driver: Driver, dags: Any, client: docker.DockerClient, events: list[ServerEvent]
    ) -> None:
        call = asyncio.ensure_future(driver.run(dags.sleeping, 1.0))
        (segment,) = driver.served.plans["sleeping"].segments
        await asyncio.to_thread(kill, running(client), "triton_python_backend_stub", segment.model)
        assert await call == 1.0
        assert any(isinstance(each, Repaired) and "was killed by SIGKILL" in each.how for each in events)

    async def test_a_call_outlives_the_death_of_the_server(
        self, driver: Driver, dags: Any, client: docker.DockerClient, events: list[ServerEvent]
    ) -> None:
        before = running(client).id
        call = asyncio.ensure_future(driver.run(dags.sleeping, 1.0))
        await asyncio.to_thread(kill, running(client), "tritonserver")
        assert await call == 1.0
        assert any(isinstance(each, Restarted) and "was killed by SIGKILL" in each.how for each in events)
        assert running(client).id != before

    async def test_a_call_outlives_the_death_of_the_container(
        self, driver: Driver, dags: Any, client: docker.DockerClient
    ) -> None:
        call = asyncio.ensure_future(driver.run(dags.sleeping, 1.0))
        await asyncio.to_thread(running(client).kill, signal.SIGKILL)
        assert await call == 1.0

    async def test_a_step_that_kills_its_process_is_at_fault(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.crashing, 9)
        assert (failure.kind, failure.node) == ("step", "crash")
        assert "was killed by SIGKILL" in failure.message


class TestLoadingInContainer(LoadingConformance):
    async def test_only_the_log_stays(self, make: Make, served: Served, tmp_path: Path, containers: Containers) -> None:
        place = Workplace(
            import_root=served.workplace.import_root, objects=tmp_path / "objects", scratch=tmp_path / "new"
        )
        async with make(served.plan, place):
            assert len(containers()) == 1
        assert containers() == []
        assert {path.name for path in (tmp_path / "new").rglob("*")} == {"triton.log"}
