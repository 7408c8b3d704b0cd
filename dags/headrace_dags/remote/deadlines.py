"""Connections that keep to one limit for a whole request, and can be ended. httpcore's own limits are of each read and write: who
sends a byte now and then passes them for ever.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore2

_AT_ONCE_BYTES = 1 << 16
"""So much is written before the clock is looked at again."""


class Timed:
    """A request that may take so long, made by one thread.

    Attributes:
        is_ended: whether it was ended because nobody waits.
    """

    def __init__(self, limit_s: float) -> None:
        self._end_s = time.monotonic() + limit_s
        self._stream: _Stream | None = None
        self.is_ended = False

    def left_s(self) -> float:
        """What is left for it.

        Raises:
            httpcore2.ReadTimeout: nothing is.
        """
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return left_s

    def travels_on(self, stream: _Stream) -> None:
        """Remember its connection, for :meth:`end`."""
        self._stream = stream

    def end(self) -> None:
        """Nobody waits for it any more: its time is over, and its connection closed. May be called from another thread."""
        self._end_s, self.is_ended = 0.0, True
        if self._stream:
            self._stream.shut(self)


class Deadlines(httpcore2.NetworkBackend):
    """Makes connections for a pool. The limit is that of the request which the calling thread makes."""

    def __init__(self) -> None:
        self._connecting = httpcore2.SyncBackend()
        self._requests = threading.local()

    def begin(self, limit_s: float) -> Timed:
        """The calling thread begins a request that may take so long."""
        self._requests.now = Timed(limit_s)
        return self.now

    @property
    def now(self) -> Timed:
        """The request of the calling thread."""
        request: Timed = self._requests.now
        return request

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect; the pool's limit of connecting counts if it is shorter."""
        limit_s = _shorter(timeout, self.now.left_s())
        stream = self._connecting.connect_tcp(host, port, limit_s, local_address, socket_options)
        return _Stream(stream, self)


class _Stream(httpcore2.NetworkStream):
    """A connection, used by one request after another."""

    def __init__(self, stream: httpcore2.NetworkStream, deadlines: Deadlines) -> None:
        self._stream, self._deadlines = stream, deadlines
        self._request: Timed | None = None
        self._lock = threading.Lock()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _shorter(timeout, self._deadlines.now.left_s()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._lock:
            self._request = self._deadlines.now
        self._request.travels_on(self)
        for start in range(0, len(buffer), _AT_ONCE_BYTES):
            part = buffer[start : start + _AT_ONCE_BYTES]
            self._stream.write(part, _shorter(timeout, self._deadlines.now.left_s()))

    def shut(self, request: Timed) -> None:
        """Wake who waits for bytes, unless the connection serves another request than ``request`` by now."""
        connection: Any = self.get_extra_info("socket")
        with self._lock, suppress(OSError):
            if self._request is request:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own, which another thread may be in

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit_s = _shorter(timeout, self._deadlines.now.left_s())
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit_s), self._deadlines)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _shorter(limit_s: float | None, left_s: float) -> float:
    return left_s if limit_s is None else min(limit_s, left_s)
