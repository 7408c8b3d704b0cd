"""Where the tasks of a worker are executed: so many of each segment at a time, or one alone."""

from __future__ import annotations

import asyncio
from collections import Counter


class Floor:
    """The places of one worker: its segments share the process, and who takes that down takes all with it."""

    def __init__(self) -> None:
        self._busy = Counter[str]()
        self._is_reserved = False
        self._moved = asyncio.Event()

    async def take(self, segment: str, places: int, *, alone: bool) -> None:
        """Wait for one of the places of a segment; or until nobody else has any. It is held until left."""
        while self._is_reserved or self._busy[segment] >= places:
            await self._moved.wait()
        self._busy[segment] += 1
        self._is_reserved = alone
        try:
            while alone and self._busy.total() > 1:
                await self._moved.wait()
        except BaseException:
            self.leave(segment, alone=alone)
            raise

    def leave(self, segment: str, *, alone: bool) -> None:
        """Give the place back. Never waits: a task that is cancelled before it has begun must give it back, too."""
        self._busy[segment] -= 1
        self._is_reserved &= not alone
        self._moved.set()
        self._moved = asyncio.Event()
