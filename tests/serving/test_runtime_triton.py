"""The Triton runtime keeps the executor's contract, on a real server; and what only a server does."""

import asyncio
import os
import re
import signal
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conformance.runtimes import (
    Driver,
    LoadingConformance,
    Make,
    RuntimeConformance,
    Served,
    driver,
    planned,
    served,
)
from tests.conformance.streams import AHEAD, Stream, StreamConformance, until

from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.oip import OipClient
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.triton import TritonExecutor, TritonSettings
from headrace_serving.runtimes.verdicts import of_answer
from headrace_serving.tensors import Tensor
from headrace_serving.triton.stubs import stubs_of

__all__ = ("driver", "served")

pytestmark = pytest.mark.asyncio(loop_scope="class")


@pytest.fixture(scope="class")
def make() -> Make:
    return TritonExecutor


def triton(driver: Driver) -> TritonExecutor:
    assert isinstance(driver.executor, TritonExecutor)
    return driver.executor


def model(driver: Driver, dag: str) -> str:
    (segment,) = driver.served.plans[dag].segments
    return segment.model


async def metric(driver: Driver, name: str, model: str) -> int:
    """A counter of the server, for one model."""
    url = triton(driver).server.endpoint.metrics
    text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode()
    found = re.search(rf'^{name}{{model="{model}",version="1"}} (\d+)', text, re.MULTILINE)
    assert found, text
    return int(found[1])


class TestTriton(RuntimeConformance, StreamConformance):
    async def test_requests_of_several_runs_share_a_batch(self, driver: Driver, dags: Any) -> None:
        name = model(driver, "batched_once")
        before = [await metric(driver, f"nv_inference_{what}", name) for what in ("count", "exec_count")]
        got = await asyncio.gather(*(driver.run(dags.batched_once, f"t{n}") for n in range(64)))
        assert got == [f"T{n}" for n in range(64)]
        after = [await metric(driver, f"nv_inference_{what}", name) for what in ("count", "exec_count")]
        items, executions = (late - early for late, early in zip(after, before, strict=True))
        assert items == 64
        assert 8 <= executions <= 16, "at best eight at once; the first ones come alone"

    async def test_what_steps_print_is_in_the_log(self, driver: Driver, dags: Any) -> None:
        await driver.run(dags.one_function, "Jürgen")
        assert "greeting Jürgen\n" in triton(driver).log.read_text()

    async def test_a_call_outlives_the_death_of_its_process(self, driver: Driver, dags: Any) -> None:
        call = asyncio.ensure_future(driver.run(dags.sleeping, 0.3))
        await asyncio.sleep(0.1)
        (stub,) = (stub for stub in stubs_of(triton(driver).server.pid) if stub.model == model(driver, "sleeping"))
        os.kill(stub.pid, signal.SIGKILL)
        assert await call == 0.3

    async def test_a_step_that_kills_its_process_is_at_fault(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.crashing, 9)
        assert (failure.kind, failure.node) == ("step", "crash")
        assert "was killed by SIGKILL" in failure.message

    async def test_a_stream_outlives_the_death_of_its_process(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.gated_stream, tmp_path, AHEAD + 5)
        running = stream.begin()
        stream.open(*range(AHEAD + 2))
        await until(lambda: len(stream.items) == AHEAD + 2)
        (first,) = stream.runs()
        os.kill(int(first), signal.SIGKILL)
        stream.open(*range(AHEAD + 5))
        await running
        _, second = stream.runs()
        assert [index for index, _ in stream.items] == list(range(AHEAD + 5)), "each once"
        made_by = [text.split()[0] for text in stream.texts]
        assert made_by == [first] * (AHEAD + 2) + [second] * 3, "of items that differ the first counts"

    async def test_a_process_that_dies_while_an_item_is_taken(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.eager_stream, tmp_path, 2 * AHEAD, room=asyncio.Semaphore(0))
        running = stream.begin()
        await until(lambda: stream.made() >= AHEAD)
        os.kill(int(stream.runs()[0]), signal.SIGKILL)
        await until(lambda: len(stream.runs()) == 2)
        for _ in range(3 * AHEAD):
            stream.room.release()
        await running
        assert [index for index, _ in stream.items] == [0, *range(2 * AHEAD)], "only what was in hand is taken anew"

    async def test_a_stream_that_kills_its_process_is_at_fault(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.dying_stream, 3)
        assert (failure.kind, failure.node) == ("step", "dying")
        assert "was killed by SIGKILL" in failure.message
        assert len(driver.taken) == 3

    @pytest.mark.parametrize(
        ("name", "tensor", "limit_s", "kind"),
        [
            ("unknown", Tensor.of_bytes([b"1"]), None, "unavailable"),
            ("sleeping", Tensor(np.zeros((1, 1), np.int8)), None, "internal"),
            ("sleeping", Tensor.of_bytes([b"0.2"]), 0.05, "timeout"),
        ],
    )
    async def test_what_the_protocol_says_becomes_a_failure(
        self, driver: Driver, name: str, tensor: Tensor, limit_s: float | None, kind: str
    ) -> None:
        called = model(driver, name) if name in driver.served.plans else name
        async with OipClient(triton(driver).server.endpoint.grpc) as client:
            with pytest.raises(TaskFailed) as caught:
                await client.infer(called, {"in_seconds": tensor}, "tenant/run/x/0/1", limit_s)
        assert caught.value.failure.kind == kind
        assert called in caught.value.failure.message

    async def test_nobody_listens(self) -> None:
        async with OipClient("127.0.0.1:1") as client:
            with pytest.raises(TaskFailed) as caught:
                await client.infer("any", {}, "tenant/run/x/0/1", 5.0)
        assert caught.value.failure.kind == "unavailable"


async def test_shared_memory_that_ran_out_is_the_machines_fault(served: Served) -> None:
    said = "Failed to increase the shared memory pool size for key 'x' to 1048576 bytes. Error: No space left on device"
    (segment,) = served.plans["one_image"].segments
    tensors = {"in_image": Tensor(np.zeros((1, 1024, 1024, 3), np.uint8))}
    failure = TaskFailure(kind="internal", message=f"{segment.model}: [StatusCode.INTERNAL] {said}")
    found = of_answer(failure, segment, tensors)
    assert (found.kind, found.node) == ("environment", "brightness")
    assert found.message.startswith("brightness was given 3.0 MiB. /dev/shm [shared-memory]: ")
    assert re.search(r"got [\d.]+ [MG]iB free\. Free some of it or make it larger", found.message)
    own = TaskFailure(kind="step", message=f"OSError: {said}", node="brightness")
    assert of_answer(own, segment, tensors) is own, "what a step says of its own shared memory is its own affair"


async def test_the_server_ends_however_leaving_is_disturbed(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancelled(_: OipClient) -> None:
        raise asyncio.CancelledError

    plan = planned(served.workplace.import_root, served.dags.one_function)
    place = Workplace(import_root=served.workplace.import_root, objects=tmp_path / "objects", scratch=tmp_path / "new")
    executor = await TritonExecutor(plan, place).__aenter__()  # left below
    pid = executor.server.pid
    monkeypatch.setattr(OipClient, "close", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await executor.__aexit__()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [executor.log.name]


class TestLoadingOnTriton(LoadingConformance):
    async def test_only_the_log_stays(self, served: Served, tmp_path: Path) -> None:
        plan = planned(served.workplace.import_root, served.dags.one_function)
        place = Workplace(
            import_root=served.workplace.import_root, objects=tmp_path / "objects", scratch=tmp_path / "new"
        )
        settings = TritonSettings(instances=2, environment={"GREETING": "hello"})
        async with TritonExecutor(plan, place, settings) as executor:
            assert len(stubs_of(executor.server.pid)) == 2
        assert [path.name for path in (tmp_path / "new").iterdir()] == [executor.log.name]
