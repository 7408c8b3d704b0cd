"""Whether a dag is being traced right now. Light: steps import this on every path."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace_dags.trace.tracer import Tracer

_TRACER: ContextVar[Tracer | None] = ContextVar("headrace_tracer", default=None)


def active() -> Tracer | None:
    """The tracer of the dag whose body runs now; ``None`` outside."""
    return _TRACER.get()


@contextmanager
def tracing(tracer: Tracer) -> Generator[None]:
    """Let steps that are called meanwhile be wired by ``tracer``."""
    token = _TRACER.set(tracer)
    try:
        yield
    finally:
        _TRACER.reset(token)
