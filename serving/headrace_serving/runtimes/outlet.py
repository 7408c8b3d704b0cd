"""From the thread that makes the items of a stream to the loop that takes them: in order, and not far ahead."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import closing, suppress

from headrace_serving.runner import Answer


class Outlet:
    """One stream; made in the loop.

    Args:
        ahead: the most items that are made and not taken.
    """

    def __init__(self, ahead: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(ahead)
        self._answers: asyncio.Queue[Answer | None] = asyncio.Queue()
        self._left = False

    async def take(self) -> Answer | None:
        """The next answer; ``None`` at the end."""
        answer = await self._answers.get()
        self._room.release()
        return answer

    def leave(self) -> None:
        """Take no more: the thread stops before the next item."""
        self._left = True
        self._room.release()

    def fill(self, answers: Generator[Answer]) -> None:
        """Give answers while there is room and somebody takes them; in the thread."""
        with closing(answers), suppress(RuntimeError):  # the loop may be closed, and nobody left to take anything
            while self._goes_on() and (answer := next(answers, None)) is not None:
                self._loop.call_soon_threadsafe(self._answers.put_nowait, answer)
            self._loop.call_soon_threadsafe(self._answers.put_nowait, None)

    def _goes_on(self) -> bool:
        self._room.acquire()
        return not self._left
