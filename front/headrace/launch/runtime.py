"""Which runtime executes a run: the one that was asked for, or the first that can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.runs import TENANT
from headrace_dags.errors import EnvironmentLack

if TYPE_CHECKING:
    from headrace_dags.plan.model import Plan
    from headrace_serving.cache.limits import Limits
    from headrace_serving.objects.file import FileStore
    from headrace_serving.runtimes.contract import Executor, Workplace

_NOT_EXERCISED = "not exercised: the server, the borders between processes, limits of memory"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A runtime.

    Attributes:
        name: ``triton`` or ``inprocess``.
        banner: what a person must know of it; empty where there is nothing.
    """

    name: str
    banner: str = ""


def choose(wanted: str) -> Chosen:
    """The runtime to use.

    Args:
        wanted: ``triton``, ``inprocess``, or ``auto`` for the first of these that can run here.

    Raises:
        EnvironmentLack: ``triton`` was asked for and cannot run here.
    """
    if wanted == "inprocess":
        return Chosen("inprocess", f"Runtime inprocess: steps run in this process; {_NOT_EXERCISED}.")
    from headrace_serving.triton.probe import locate

    try:
        locate()
    except EnvironmentLack as lack:
        if wanted == "triton":
            raise
        return Chosen("inprocess", _instead(lack))
    return Chosen("triton")


def _instead(lack: EnvironmentLack) -> str:
    """Why the runtime is not Triton, and what to do about it."""
    first = lack.problems[0]
    return (
        f"Runtime inprocess, because Triton cannot run here: it {first.expected}, got {first.got}; {_NOT_EXERCISED}.\n"
        f"{first.write}. `headrace doctor` says more."
    )


def executor(
    chosen: Chosen, plan: Plan, workplace: Workplace, note: Callable[[str], None]
) -> tuple[Executor, Path | None]:
    """The executor, and where its server writes its log; ``note`` is told of repairs."""
    if chosen.name == "inprocess":
        from headrace_serving.runtimes.inprocess import InProcessExecutor

        return InProcessExecutor(plan, workplace), None
    from headrace_serving.runtimes.triton import TritonExecutor

    triton = TritonExecutor(plan, workplace, on_event=lambda event: note(repair(event)))
    return triton, triton.log


def caching(
    inner: Executor, plan: Plan, store: FileStore, limits: Limits | None, note: Callable[[str], None]
) -> Executor:
    """The executor with a cache before it, where the plan asks for one.

    Args:
        inner: the executor.
        plan: what it serves.
        store: of the runs' objects, beside which results are kept.
        limits: what they may take; ``None`` where none is to be read or kept.
        note: is told of what a person must know, and of results that are no good.
    """
    if limits is None or not any(segment.cached for segment in plan.segments):
        return inner
    from headrace_dags.plan.explain import cached_secrets
    from headrace_serving.cache.executor import CachingExecutor
    from headrace_serving.cache.store import ResultStore

    for remark in cached_secrets(plan):
        note(remark)
    return CachingExecutor(inner, plan, ResultStore(store, TENANT, limits, note))


def repair(event: object) -> str:
    """A repair of the server, in a line."""
    from headrace_serving.triton.supervisor import Repaired, Restarted

    match event:
        case Repaired():
            return f"{event.how}; it answers again after {event.outage_s:.1f} s"
        case Restarted():
            return f"the server was restarted ({event.how}); it answers again after {event.outage_s:.1f} s"
        case _:
            return f"the server gave up: {getattr(event, 'error', event)}"
