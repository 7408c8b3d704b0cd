"""Where the tasks of a worker are executed: so many of each segment at a time, or one alone."""

from __future__ import annotations

import asyncio
from collections import Counter


class Floor:
    """The places of one worker: its segments share the process, and who takes that down takes all with it."""

    def __init__(self) -> None:
        self._busy = Counter[str]()
        self._is_reserved = False
        self._moved = asyncio.Condition()

    async def take(self, segment: str, places: int, *, alone: bool) -> None:
        """Wait for one of the places of a segment; or until nobody else has any. It is held until left."""
        async with self._moved:
            await self._moved.wait_for(lambda: not self._is_reserved and self._busy[segment] < places)
            self._is_reserved = alone
            self._busy[segment] += 1
            try:
                await self._moved.wait_for(lambda: not alone or self._busy.total() == 1)
            except BaseException:
                self._give_back(segment, alone=alone)
                raise

    async def leave(self, segment: str, *, alone: bool) -> None:
        """Give the place back."""
        async with self._moved:
            self._give_back(segment, alone=alone)

    def _give_back(self, segment: str, *, alone: bool) -> None:
        self._busy[segment] -= 1
        self._is_reserved &= not alone
        self._moved.notify_all()
