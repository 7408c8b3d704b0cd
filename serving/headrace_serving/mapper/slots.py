"""Calls that wait for a free slot: so many at once over all requests, the requests in turn. Makes no call itself."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Start = Callable[[], None]


class Slots:
    """A bound for calls in flight. Requests that wait are served in turn, so that a long map keeps no short one waiting.

    Args:
        most: how many calls are in flight at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._waiting: dict[int, deque[Start]] = {}
        self._held: dict[int, int] = {}

    def put(self, request: int, starts: list[Start]) -> None:
        """Let calls of a request wait for slots; each is started, by whoever makes room, with :meth:`done` at its end.

        Args:
            request: a number of its own.
            starts: each begins one call and returns at once.
        """
        with self._lock:
            self._waiting.setdefault(request, deque()).extend(starts)
        self._fill()

    def done(self, request: int) -> None:
        """A call of a request has ended: its slot is free, unless it was given up with the request."""
        with self._lock:
            if request in self._held:
                self._release(request)
        self._fill()

    def drop(self, request: int) -> None:
        """Give up a request: its waiting calls never start, and the slots of its calls in flight are free at once.

        Nobody waits for those calls any more: at a model whose process died each would hold its slot for a second.
        """
        with self._lock:
            self._waiting.pop(request, None)
            self._held.pop(request, None)
        self._fill()

    def _release(self, request: int) -> None:
        self._held[request] -= 1
        if not self._held[request]:
            del self._held[request]

    def _fill(self) -> None:
        while start := self._next():
            start()

    def _next(self) -> Start | None:
        """The next call that may start; its request goes to the end of the line."""
        with self._lock:
            if not self._waiting or sum(self._held.values()) >= self._most:
                return None
            request = next(iter(self._waiting))
            starts = self._waiting.pop(request)
            start = starts.popleft()
            if starts:
                self._waiting[request] = starts
            self._held[request] = self._held.get(request, 0) + 1
            return start
