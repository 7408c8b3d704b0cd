"""The short storm; ``make chaos`` is the long one."""

from pathlib import Path

import pytest
from tests.chaos.chaos import Chaos

pytestmark = pytest.mark.asyncio


async def test_whatever_dies_every_accepted_run_is_answered(tmp_path: Path) -> None:
    chaos = Chaos(tmp_path, seed=7, kills=6)
    counts = await chaos.storm()
    print(counts.text())
    assert not await chaos.wrong()
    assert counts.kills.total() == 6
    assert len(counts.accepted) >= 10
