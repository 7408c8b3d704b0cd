"""What is due when. A timer that comes due is told of once; whether it means anything still is up to who set it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True, frozen=True, slots=True)
class Timer:
    """A timer of a run.

    Attributes:
        at_s: when it is due, in the log's time (Unix seconds).
        run: whose.
        name: as ``decide`` calls it.
    """

    at_s: float
    run: str
    name: str


@dataclass
class Timers:
    """The timers of one replica.

    Attributes:
        clock: the time, in Unix seconds.
        due: is told of a timer.
    """

    clock: Callable[[], float]
    due: Callable[[Timer], None]
    _heap: list[Timer] = field(default_factory=list[Timer], init=False)
    _earlier: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def set(self, timer: Timer) -> None:
        """Tell of a timer when it is due."""
        heapq.heappush(self._heap, timer)
        if self._heap[0] is timer:
            self._earlier.set()

    async def keep(self) -> None:
        """Tell of timers for ever."""
        while True:
            self._earlier.clear()
            while self._heap and self._heap[0].at_s <= self.clock():
                self.due(heapq.heappop(self._heap))
            await self._pause(self._heap[0].at_s - self.clock() if self._heap else None)

    async def _pause(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._earlier.wait()
        except TimeoutError:
            return
