"""The in-process runtime drives maps as a server does."""

import pytest
from tests.conformance.mappers import MapperConformance, driver, mapped
from tests.conformance.runtimes import Make

from headrace_serving.runtimes.inprocess import InProcessExecutor

__all__ = ("driver", "mapped")

pytestmark = pytest.mark.asyncio(loop_scope="class")


@pytest.fixture(scope="class")
def make() -> Make:
    return InProcessExecutor


class TestMapperInProcess(MapperConformance):
    pass
