"""Mappers on a real server; and what only a server does: share batches, and lose a process."""

import asyncio
import os
import re
import signal
import urllib.request
from typing import Any

import pytest
from tests.conformance.mappers import MapperConformance, driver, mapped
from tests.conformance.runtimes import Driver, Make

from headrace_serving.runtimes.triton import TritonExecutor
from headrace_serving.triton.stubs import stubs_of

__all__ = ("driver", "mapped")

pytestmark = pytest.mark.asyncio(loop_scope="class")


@pytest.fixture(scope="class")
def make() -> Make:
    return TritonExecutor


def triton(driver: Driver) -> TritonExecutor:
    assert isinstance(driver.executor, TritonExecutor)
    return driver.executor


def called(driver: Driver, dag: str) -> str:
    """The model that the mapper of a dag calls first."""
    (segment,) = driver.served.plans[dag].segments
    assert segment.mapper
    return segment.model_of_call(segment.mapper.calls[0])


async def counted(driver: Driver, what: str, model: str) -> int:
    """A counter of the server, for one model."""
    url = triton(driver).server.endpoint.metrics
    text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode()
    found = re.search(rf'^nv_inference_{what}{{model="{model}",version="1"}} (\d+)', text, re.MULTILINE)
    assert found, text
    return int(found[1])


class TestMapperOnTriton(MapperConformance):
    async def test_without_items_no_call_is_made(self, driver: Driver, dags: Any) -> None:
        before = await counted(driver, "request_success", called(driver, "batched_inside"))
        assert await driver.run(dags.batched_inside, 0) == 0
        assert await counted(driver, "request_success", called(driver, "batched_inside")) == before

    async def test_calls_are_of_a_batch_each(self, driver: Driver, dags: Any) -> None:
        name = called(driver, "batched_inside")
        before = [await counted(driver, what, name) for what in ("request_success", "count")]
        await driver.run(dags.batched_inside, 12)
        after = [await counted(driver, what, name) for what in ("request_success", "count")]
        assert [late - early for late, early in zip(after, before, strict=True)] == [2, 12]

    async def test_after_an_error_no_further_call_is_made(self, driver: Driver, dags: Any) -> None:
        name = called(driver, "class_inside")
        before = await counted(driver, "count", name)
        await driver.failure(dags.class_inside, 200)
        assert await driver.run(dags.class_inside, 1) == [1]
        assert await counted(driver, "count", name) - before < 40

    @pytest.mark.parametrize("which", ["the mapper", "the model"])
    async def test_a_map_outlives_the_death_of_a_process(self, driver: Driver, dags: Any, which: str) -> None:
        (segment,) = driver.served.plans["sleeping_inside"].segments
        model = segment.mapper_model if which == "the mapper" else called(driver, "sleeping_inside")
        call = asyncio.ensure_future(driver.run(dags.sleeping_inside, 20))
        await asyncio.sleep(0.1)
        (stub,) = (stub for stub in stubs_of(triton(driver).server.pid) if stub.model == model)
        os.kill(stub.pid, signal.SIGKILL)
        assert await call == 0

    async def test_a_model_that_dies_of_an_item_is_at_fault(self, driver: Driver, dags: Any) -> None:
        assert await driver.run(dags.crash_inside, 93) == 92, "it dies once, and the map is made again"
        failure = await driver.failure(dags.crash_inside, 97)
        assert (failure.kind, failure.node) == ("step", "fragile")
        assert "was killed by SIGKILL" in failure.message
        assert await driver.run(dags.crash_inside, 3) == 2

    async def test_an_answer_without_room_in_shared_memory_is_the_machines_fault(
        self, driver: Driver, dags: Any
    ) -> None:
        failure = await driver.failure(dags.large_inside, 16)
        assert failure.kind == "environment"
        assert "/dev/shm [shared-memory]: a model's process needs shared memory for its tensors" in failure.message
        (array,) = await driver.run(dags.large_inside, 1)
        assert array.tolist() == [0.0] * (1 << 20)
