"""The in-process runtime keeps the executor's contract."""

import pytest
from tests.conformance.runtimes import LoadingConformance, Make, RuntimeConformance, driver, served
from tests.conformance.streams import StreamConformance

from headrace_serving.runtimes.inprocess import InProcessExecutor

__all__ = ("driver", "served")

pytestmark = pytest.mark.asyncio(loop_scope="class")


@pytest.fixture(scope="class")
def make() -> Make:
    return InProcessExecutor


class TestInProcess(RuntimeConformance, StreamConformance):
    pass


class TestLoadingInProcess(LoadingConformance):
    pass
