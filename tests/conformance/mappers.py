"""What a mapper does in every runtime. A variant's test derives from MapperConformance and says how its executor is made."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from tests.conformance.runtimes import Driver, Make, Served, planned
from tests.conformance.streams import until

from headrace_serving.failure import TaskFailed
from headrace_serving.runtimes.contract import Workplace

MAPPED = Path(__file__).parents[1] / "serving" / "mapped"


@pytest.fixture(scope="class")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("mapped")
    shutil.copytree(MAPPED, root, dirs_exist_ok=True)
    sys.path.insert(0, str(root))
    sys.modules.pop("mapped_dags", None)
    import mapped_dags

    place = Workplace(import_root=root, objects=root / ".headrace" / "objects", scratch=root / ".headrace" / "scratch")
    yield Served(place, mapped_dags, {dag.__name__: planned(root, dag) for dag in mapped_dags.DAGS})
    sys.path.remove(str(root))
    del sys.modules["mapped_dags"]


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def driver(mapped: Served, make: Make) -> AsyncIterator[Driver]:
    async with make(mapped.plan, mapped.workplace) as executor:
        yield Driver(executor, mapped)


class MapperConformance:
    """The behaviours. Each dag is one segment, so that each run is one task."""

    @pytest.fixture
    def dags(self, mapped: Served) -> ModuleType:
        return mapped.dags

    async def test_every_dag_is_one_segment_with_a_mapper(self, driver: Driver) -> None:
        for name, plan in driver.served.plans.items():
            (segment,) = plan.segments
            assert segment.mapper, name
            assert segment.lowering == ("ensemble" if name == "between_models" else "mapper")

    @pytest.mark.parametrize("items", [0, 1, 7, 8, 9, 13])
    async def test_any_number_of_items_meets_a_batch_of_eight(self, driver: Driver, dags: Any, items: int) -> None:
        before = driver.tasks
        assert await driver.run(dags.batched_inside, items) == sum(n**2 for n in range(items))
        assert driver.tasks == before + 1

    async def test_ragged_images_pass_a_chain_of_models(self, driver: Driver, dags: Any) -> None:
        (segment,) = driver.served.plans["ragged_chain"].segments
        assert segment.mapper
        (call,) = segment.mapper.calls
        assert (len(call.members), call.chunk, call.inputs[0].wire) == (4, 3, "npy")
        image = np.random.default_rng(0).integers(0, 255, (12, 14, 3), np.uint8)
        assert await driver.run(dags.ragged_chain, image) == dags.ragged_chain(image)
        assert await driver.run(dags.ragged_chain, image[:1]) == ""

    async def test_models_stand_before_and_behind_it(self, driver: Driver, dags: Any) -> None:
        for text in ("", " a b c d e f g h i "):
            assert await driver.run(dags.between_models, text) == dags.between_models(text)

    async def test_several_requests_at_once(self, driver: Driver, dags: Any) -> None:
        texts = ["hello" * number for number in range(12)]
        got = await asyncio.gather(*(driver.run(dags.two_maps, text) for text in texts))
        assert got == [dags.two_maps(text) for text in texts]

    async def test_a_short_map_does_not_wait_for_a_long_one(self, driver: Driver, dags: Any) -> None:
        long = asyncio.ensure_future(driver.run(dags.sleeping_inside, 100))
        await driver.run(dags.sleeping_inside, 1)
        assert await driver.run(dags.sleeping_inside, 2) == 0
        assert not long.done()
        assert await long == 0

    async def test_an_error_in_one_item_is_told_with_its_number(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.class_inside, 200)
        assert (failure.kind, failure.node, failure.port, failure.item) == ("input", "slow", "number", 5)
        assert failure.message == "five is refused"
        assert "mapped_dags.py" in failure.location
        assert await driver.run(dags.class_inside, 5) == [1, 2, 3, 4, 5]

    async def test_an_error_in_a_batch_is_told_with_the_items_of_it(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.batched_inside, 30)
        assert (failure.kind, failure.node, failure.item) == ("step", "squared", -1)
        assert failure.message == "ValueError: 13 is unlucky (in a batch of the items 8 to 15)"

    @pytest.mark.parametrize(
        ("text", "node", "message"),
        [("a!", "letters", "no exclamation, please"), ("a?", "paired", "ValueError: no question, please")],
    )
    async def test_what_it_runs_itself_fails_by_its_own_name(
        self, driver: Driver, dags: Any, text: str, node: str, message: str
    ) -> None:
        failure = await driver.failure(dags.two_maps, text)
        assert (failure.node, failure.message) == (node, message)

    async def test_a_map_that_takes_too_long(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.sleeping_inside, 200, deadline_s=0.2)
        assert failure.kind == "timeout"
        assert await driver.run(dags.sleeping_inside, 1) == 0, "the calls that were left were not made"

    @pytest.mark.parametrize("how", ["failed", "cancelled"])
    async def test_calls_that_nobody_waits_for_any_more_are_given_up(
        self, driver: Driver, dags: Any, tmp_path: Path, how: str
    ) -> None:
        call = asyncio.ensure_future(driver.run(dags.guarded_inside, str(tmp_path), 50))
        await until(lambda: any(tmp_path.glob("ran-*")))
        await asyncio.sleep(0.2)  # the other calls wait for the model by now
        if how == "failed":
            (tmp_path / "refuse").touch()
        else:
            call.cancel()
            await asyncio.sleep(0.5)  # ten times as long as the mapper takes to see it
        with pytest.raises(TaskFailed if how == "failed" else asyncio.CancelledError):
            await call
        await asyncio.sleep(
            0.1
        )  # so that the one that is let in now is slow: a model asks only behind those who has gone
        (tmp_path / "gate").touch()
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "gate").touch()
        assert await driver.run(dags.guarded_inside, str(tmp_path / "other"), 1) == 0
        ran = [each for each in os.listdir(tmp_path) if each.startswith("ran-")]  # noqa: PTH208
        assert len(ran) <= 2, ran
