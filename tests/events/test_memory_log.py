"""The memory variant keeps the log's contract."""

import pytest
import pytest_asyncio
from tests.conformance.log import LIMIT_BYTES, Clock, LogConformance

from headrace_events.log.contract import Log
from headrace_events.log.memory.log import MemoryLog

pytestmark = pytest.mark.asyncio


class TestMemoryLog(LogConformance):
    @pytest_asyncio.fixture
    async def log(self, clock: Clock) -> Log:
        return MemoryLog(max_record_bytes=LIMIT_BYTES, clock=clock)
