"""Ask an endpoint again that could not be reached or is busy: a few times, further apart each time, and when it says so."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from headrace_dags.remote.failing import EndpointFailed

T = TypeVar("T")

BASE_S = 0.2
MOST_S = 30.0
"""The longest pause; whoever asks for a longer one is not waited for."""


def persistent(call: Callable[[], T], retries: int, sleep: Callable[[float], None] = time.sleep) -> T:
    """The result of ``call``.

    Args:
        call: makes one request.
        retries: how often it is made again.
        sleep: waits some seconds.

    Raises:
        EndpointFailed: the last failure, or the first that asking again does not mend.
    """
    for attempt in range(retries):
        try:
            return call()
        except EndpointFailed as failed:
            pause_s = _pause_s(attempt) if failed.after_s is None else failed.after_s
            if not failed.again or pause_s > MOST_S:
                raise
        sleep(pause_s)
    return call()


def _pause_s(attempt: int) -> float:
    """Twofold each time, and spread, so that many callers do not come back together."""
    return float(min(MOST_S, BASE_S * 2.0**attempt) * random.uniform(0.5, 1.0))  # noqa: S311  # spreads, hides nothing
