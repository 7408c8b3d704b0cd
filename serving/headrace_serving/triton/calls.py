"""One call on a model whose process may die meanwhile: cancel, wait for the repair, call again. Knows no server."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from headrace_serving.triton.errors import ModelCrashed
from headrace_serving.triton.gate import Epoch, Gate, Incident

T = TypeVar("T")

_SUSPECT_AFTER = 2
_CONFIRM_S = 1.5
_UNHEALTHY = re.compile(r"Stub process '(.+)_\d+_\d+' is not healthy")
_AWAY = re.compile(r"StatusCode\.UNAVAILABLE|has no available versions|is not ready|unknown model")


async def answered(
    model: str, gate: Gate, attempt: Callable[[], Awaitable[T]], unhealthy: Callable[[str], None], max_incidents: int
) -> T:
    """The result of ``attempt``, which is made again after each incident.

    Args:
        model: the model that is called.
        gate: its gate.
        attempt: makes the call anew each time; is cancelled at an incident.
        unhealthy: told of a model whose process lives but does not answer, so that it is ended.
        max_incidents: after so many the call itself is taken for the cause.

    Raises:
        ModelCrashed: the model's process died ``max_incidents`` times, the last times with this call alone on it.
        Exception: whatever else ``attempt`` raises.
    """
    incident = Incident(model, "not called")
    for count in range(1, max_incidents + 1):
        async with gate.admit(alone=count > _SUSPECT_AFTER) as epoch:
            outcome = await _attempted(epoch, attempt, unhealthy)
        if not isinstance(outcome, Incident):
            return outcome
        incident = outcome
    raise gate.failure or ModelCrashed(model, incident.how, max_incidents)


async def _attempted(
    epoch: Epoch, attempt: Callable[[], Awaitable[T]], unhealthy: Callable[[str], None]
) -> T | Incident:
    call = asyncio.ensure_future(attempt())
    try:
        either: tuple[asyncio.Future[Any], ...] = (call, epoch.incident)
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            return epoch.incident.result()
        error = call.exception()
        if error is None:
            return call.result()
        return await _explained(error, epoch, unhealthy)
    finally:
        if not call.done():
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await call


async def _explained(error: BaseException, epoch: Epoch, unhealthy: Callable[[str], None]) -> Incident:
    """The incident that is behind ``error``; an error of another origin is raised."""
    text = str(error)
    silent = _UNHEALTHY.search(text)
    if silent and not epoch.incident.done():
        unhealthy(silent[1])
    if silent or _AWAY.search(text):
        # The error may come a moment before the news of the death that caused it.
        await asyncio.wait({epoch.incident}, timeout=_CONFIRM_S)
    if epoch.incident.done():
        return epoch.incident.result()
    raise error
