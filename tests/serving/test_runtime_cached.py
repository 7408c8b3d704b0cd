"""With a cache before it a runtime keeps the executor's contract: every segment of the suite is cached here."""

import pytest
from tests.conformance.runtimes import Make, RuntimeConformance, driver, served

from headrace_dags.plan.model import Plan
from headrace_serving.cache.executor import CachingExecutor
from headrace_serving.cache.limits import Limits
from headrace_serving.cache.store import ResultStore
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.inprocess import InProcessExecutor
from headrace_serving.runtimes.triton import TritonExecutor

__all__ = ("driver", "served")

pytestmark = pytest.mark.asyncio(loop_scope="class")


def cached(runtime: type[InProcessExecutor | TritonExecutor]) -> Make:
    """Makes the runtime with a cache before it."""

    def made(plan: Plan, workplace: Workplace) -> CachingExecutor:
        segments = tuple(each.model_copy(update={"cached": True}) for each in plan.segments)
        results = ResultStore(FileStore(workplace.objects), "tenant", Limits(), pytest.fail)
        return CachingExecutor(runtime(plan, workplace), plan.model_copy(update={"segments": segments}), results)

    return made


@pytest.fixture(scope="class", params=[InProcessExecutor, TritonExecutor], ids=["inprocess", "triton"])
def make(request: pytest.FixtureRequest) -> Make:
    return cached(request.param)


class TestCached(RuntimeConformance):
    pass
