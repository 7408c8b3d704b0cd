"""Connections that keep to one limit for a whole request. httpcore's own limits are of each read and write: who sends a byte now
and then passes them for ever.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

_AT_ONCE_BYTES = 1 << 16
"""So much is written before the clock is looked at again."""


class Deadlines(httpcore2.NetworkBackend):
    """Makes connections for a pool. The limit is that of the request which the calling thread makes."""

    def __init__(self) -> None:
        self._connecting = httpcore2.SyncBackend()
        self._requests = threading.local()

    def begin(self, limit_s: float) -> None:
        """The calling thread begins a request that may take so long."""
        self._requests.end_s = time.monotonic() + limit_s

    def left_s(self) -> float:
        """What is left for the request of the calling thread.

        Raises:
            httpcore2.ReadTimeout: nothing is.
        """
        left_s: float = self._requests.end_s - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return left_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect; the pool's limit of connecting counts if it is shorter."""
        limit_s = _shorter(timeout, self.left_s())
        stream = self._connecting.connect_tcp(host, port, limit_s, local_address, socket_options)
        return _Stream(stream, self)


class _Stream(httpcore2.NetworkStream):
    """A connection, used by one request after another."""

    def __init__(self, stream: httpcore2.NetworkStream, deadlines: Deadlines) -> None:
        self._stream, self._deadlines = stream, deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _shorter(timeout, self._deadlines.left_s()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _AT_ONCE_BYTES):
            part = buffer[start : start + _AT_ONCE_BYTES]
            self._stream.write(part, _shorter(timeout, self._deadlines.left_s()))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        limit_s = _shorter(timeout, self._deadlines.left_s())
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, limit_s), self._deadlines)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _shorter(limit_s: float | None, left_s: float) -> float:
    return left_s if limit_s is None else min(limit_s, left_s)
