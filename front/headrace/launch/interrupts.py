"""Ctrl-C, a request to end and a terminal that is closed: one meaning, at every phase of a run."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_ALIKE = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def one_interrupt() -> Generator[None]:
    """While inside, SIGTERM and SIGHUP do what Ctrl-C does; what was ignored (as under nohup) stays so."""
    before = {each: signal.getsignal(each) for each in _ALIKE}
    heeded = {each: handler for each, handler in before.items() if handler is not signal.SIG_IGN}
    for each in heeded:
        signal.signal(each, _pass_on)
    try:
        yield
    finally:
        for each, handler in heeded.items():
            signal.signal(each, handler)


def _pass_on(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGHUP:
        _hush()
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # as of what a script starts with &: a request to end is none the less one
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _hush() -> None:
    """The terminal has gone: what is still written to it must not break the orderly end.

    It is known by being a device; whether it is a terminal cannot be asked of one that has gone.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stat.S_ISCHR(os.fstat(stream.fileno()).st_mode):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
