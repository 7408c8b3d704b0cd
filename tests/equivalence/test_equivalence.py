"""Whatever the dag: through plan, engine and runtime it gives what a plain call gives, or fails as that does."""

import asyncio
import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.equivalence.running import Came, Case
from tests.equivalence.together import caching, on_one_server, place
from tests.equivalence.wirings import Example, examples

from headrace_serving.runtimes.inprocess import InProcessExecutor

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
"""A whole dag is drawn and run for each example: slow and large, as meant."""

IN_PROCESS, ON_TRITON, AT_ONCE = 120, 40, 14


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the steps, on ``sys.path``; the examples are written beside them."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copy(Path(__file__).with_name("steps.py"), folder)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name == "steps" or name.startswith("example_")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def steps(root: Path) -> ModuleType:
    return importlib.import_module("steps")


def test_in_process(root: Path, steps: ModuleType) -> None:
    async def run(case: Case) -> list[Came]:
        async with caching(InProcessExecutor(case.plan, place(root)), case.plan, place(root)) as executor:
            return [await case.on(executor, place(root)) for _ in range(2)]

    answered = 0

    @settings(max_examples=IN_PROCESS, derandomize=True, deadline=None, suppress_health_check=HEALTH)
    @given(examples(steps, most=7))
    def holds(example: Example) -> None:
        case = Case(example, root)
        nonlocal answered
        runs = asyncio.run(run(case))
        answered += runs[-1].cached
        case.agrees(*runs)

    holds()
    assert answered > IN_PROCESS / 4, "the cache was hardly asked"


def test_on_triton(root: Path, steps: ModuleType) -> None:
    cases: list[Case] = []

    @settings(
        max_examples=ON_TRITON,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=HEALTH,
    )
    @given(examples(steps, most=5))
    def collect(example: Example) -> None:
        cases.append(Case(example, root, f"d{len(cases)}_"))

    collect()
    assert len(cases) == ON_TRITON
    assert sum(case.has_mapper for case in cases) > 3
    assert sum(bool(case.dag.graph.streams) for case in cases) >= 3
    for first in range(0, len(cases), AT_ONCE):
        some = cases[first : first + AT_ONCE]
        for case, came in zip(some, asyncio.run(on_one_server(some, place(root))), strict=True):
            case.agrees(*came)
