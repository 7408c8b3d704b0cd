"""Dags that branch, join, map and tolerate: through plan, engine and runtime they give what a plain call gives."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from tests.equivalence.branching import branching
from tests.equivalence.running import Case
from tests.equivalence.together import caching, on_one_server, place

from headrace_serving.runtimes.inprocess import InProcessExecutor

IN_PROCESS, ON_TRITON, MAPPED, AT_ONCE = 150, 40, 20, 10


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the steps, on ``sys.path``; the dags are written beside them."""
    folder = tmp_path_factory.mktemp("branching")
    shutil.copy(Path(__file__).with_name("branchsteps.py"), folder)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name == "branchsteps" or name.startswith("example_")]:
        del sys.modules[name]


def test_in_process(root: Path) -> None:
    async def run(case: Case) -> None:
        async with caching(InProcessExecutor(case.plan, place(root)), case.plan, place(root)) as executor:
            case.branches_alike(*[await case.on(executor, place(root)) for _ in range(2)])

    failed = mapped = streams = 0
    for seed in range(IN_PROCESS):
        case = Case(branching(seed), root)
        mapped += case.has_mapper
        asyncio.run(run(case))
        failed += case.plainly.failure is not None
        streams += bool(case.dag.graph.streams)
    assert 0 < failed < IN_PROCESS / 4
    assert mapped > IN_PROCESS / 10
    assert streams > IN_PROCESS / 5


def test_on_triton(root: Path) -> None:
    cases = [Case(branching(seed, 4), root, f"b{seed}_") for seed in range(1_000, 1_000 + ON_TRITON)]
    more = (Case(branching(seed, 4), root, f"b{seed}_") for seed in count(2_000))
    cases += islice((case for case in more if case.has_mapper), MAPPED)
    for first in range(0, len(cases), AT_ONCE):
        some = cases[first : first + AT_ONCE]
        for case, came in zip(some, asyncio.run(on_one_server(some, place(root))), strict=True):
            case.branches_alike(*came)
