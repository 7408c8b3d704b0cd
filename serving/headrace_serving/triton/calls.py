"""One call on a model whose process may die meanwhile: cancel, wait for the repair, call again. Knows no server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from headrace_serving.triton.errors import ModelCrashed
from headrace_serving.triton.gate import Epoch, Gate, Incident

T = TypeVar("T")

_SUSPECT_AFTER = 2
_CONFIRM_S = 1.5
# What a step says of itself comes behind the name of its exception, so that it is not mistaken for Triton's word.
_UNHEALTHY = re.compile(r"\[StatusCode\.\w+\] (?:in ensemble '[^']*', )*Stub process '([^']+)_\d+_\d+' is not healthy")
_AWAY = re.compile(r"\[StatusCode\.(?:UNAVAILABLE|NOT_FOUND)\]")


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
        epoch = await gate.enter(alone=count > _SUSPECT_AFTER)
        try:
            outcome = await _attempted(epoch, attempt, unhealthy)
        finally:
            gate.leave()
        if not isinstance(outcome, Incident):
            gate.verdicts += 1
            return outcome
        incident = outcome
    gate.verdicts += 1
    raise gate.failure or ModelCrashed(model, incident.how, max_incidents)


async def _attempted(
    epoch: Epoch, attempt: Callable[[], Awaitable[T]], unhealthy: Callable[[str], None]
) -> T | Incident:
    try:
        return await _within(epoch, attempt)
    except Exception as error:  # noqa: BLE001  # whatever it is, it may be the echo of a death; else it is raised again
        return await _explained(error, epoch, unhealthy)


async def _within(epoch: Epoch, attempt: Callable[[], Awaitable[T]]) -> T | Incident:
    """The result of ``attempt``, made by this very task (one more for each call costs a fifth of the throughput).

    The end of the epoch cancels the task; that request is taken back here, and one of somebody else is heeded.
    """
    task = asyncio.current_task()
    assert task
    requests = task.cancelling()
    epoch.calls.add(task)
    try:
        return await attempt()
    except asyncio.CancelledError:
        if epoch.incident.done() and task.cancelling() == requests + 1:
            return epoch.incident.result()
        raise
    finally:
        epoch.calls.discard(task)
        if epoch.incident.done():
            task.uncancel()


async def _explained(error: Exception, epoch: Epoch, unhealthy: Callable[[str], None]) -> Incident:
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
