"""The places of a worker: so many of each segment, or one alone, whoever is cancelled when."""

import asyncio
from random import Random

import pytest

from headrace_events.worker.floor import Floor

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_is_beside_one_that_is_alone_and_no_place_is_lost(seed: int) -> None:
    random, floor = Random(seed), Floor()
    busy: list[tuple[str, bool]] = []

    async def task(segment: str, alone: bool) -> None:
        await floor.take(segment, 2, alone=alone)
        try:
            busy.append((segment, alone))
            assert len([name for name, _ in busy if name == segment]) <= 2
            assert len(busy) == 1 or not any(is_alone for _, is_alone in busy)
            await asyncio.sleep(random.uniform(0, 0.002))
            busy.remove((segment, alone))
        except asyncio.CancelledError:
            busy.remove((segment, alone))
            raise
        finally:
            floor.leave(segment, alone=alone)

    tasks = [asyncio.create_task(task(random.choice("ab"), random.random() < 0.2)) for _ in range(60)]
    for each in random.sample(tasks, 20):
        await asyncio.sleep(random.uniform(0, 0.002))
        each.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
    async with asyncio.timeout(5):
        await floor.take("a", 1, alone=True)
    floor.leave("a", alone=True)
