"""Whether anybody still waits for what a thread does. Whoever can end it before its time says how; most bodies cannot."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock


class Waiting:
    """Those who wait for one piece of work.

    Args:
        whom: who they are.
    """

    def __init__(self, whom: Iterable[Hashable]) -> None:
        self._whom = set(whom)
        self._end: Callable[[], None] | None = None
        self._lock = Lock()

    def leave(self, who: Hashable) -> None:
        """One waits no longer; may be said from any thread. With the last one the work is ended, where that can be done."""
        with self._lock:
            self._whom.discard(who)
            if not self._whom and self._end:
                self._end()

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Generator[None]:
        """Let ``end``, which must not wait, be called if nobody waits any more; not once the block is left."""
        with self._lock:
            self._end = end
            if not self._whom:
                end()
        try:
            yield
        finally:
            with self._lock:
                self._end = None


_WAITING: ContextVar[Waiting | None] = ContextVar("headrace_waiting", default=None)


@contextmanager
def for_whom(waiting: Waiting) -> Generator[None]:
    """What is done inside, by this thread, is done for ``waiting``."""
    token = _WAITING.set(waiting)
    try:
        yield
    finally:
        _WAITING.reset(token)


@contextmanager
def ended_by(end: Callable[[], None]) -> Generator[None]:
    """Let ``end`` be called if nobody waits any more for what is done inside; see :meth:`Waiting.ended_by`."""
    waiting = _WAITING.get()
    if waiting is None:
        yield
        return
    with waiting.ended_by(end):
        yield
