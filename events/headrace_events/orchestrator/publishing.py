"""Records that are on their way to the log: published at once, and known when they are there, since checkpoints come after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headrace_events.log.contract import Draft, Log, NoRoom, Position

T = TypeVar("T")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


@dataclass
class Publisher:
    """What one replica publishes.

    Attributes:
        log: takes the records.
        broke: told of what a publication raised that nobody expected; the replica cannot go on.
    """

    log: Log
    broke: Callable[[BaseException], None]
    _under_way: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]], init=False)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do a piece of work that publishes something; the next checkpoint waits for it."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._left)

    async def append(self, draft: Draft) -> Position:
        """Append a record, however long the disk is full.

        Raises:
            LogError: the log refuses this record.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self.log.append(draft)
            except NoRoom:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def settled(self) -> None:
        """Wait until all that was started before this call has come to its end."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    async def stop(self) -> None:
        """Give up what is under way: what was not acknowledged is done again by whoever goes on from the last checkpoint."""
        for task in self._under_way:
            task.cancel()
        await self.settled()

    def _left(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.broke(error)
