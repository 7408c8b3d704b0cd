"""The Triton runtime keeps the executor's contract, on a real server; and what only a server does."""

import pytest
from tests.conformance.runtimes import LoadingConformance, Make, RuntimeConformance, driver, served

from headrace_serving.runtimes.triton import TritonExecutor

__all__ = ("driver", "served")

pytestmark = pytest.mark.asyncio(loop_scope="class")


@pytest.fixture(scope="class")
def make() -> Make:
    return TritonExecutor


class TestTriton(RuntimeConformance):
    pass


class TestLoadingOnTriton(LoadingConformance):
    pass
