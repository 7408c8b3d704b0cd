"""Which runtime executes a run: the one that was asked for, or the first that can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.launch.container import given_secrets, housing
from headrace.runs import TENANT
from headrace_dags.errors import EnvironmentLack

if TYPE_CHECKING:
    from headrace.launch.prepare import Checked
    from headrace.progress.view import View
    from headrace_serving.container.engine import Engine
    from headrace_serving.objects.file import FileStore
    from headrace_serving.runtimes.contract import Executor, Workplace

_NOT_EXERCISED = "not exercised: the server, the borders between processes, limits of memory"
_TITLES = {"triton": "Triton", "container": "a container"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A runtime.

    Attributes:
        name: ``triton``, ``container`` or ``inprocess``.
        banner: what a person must know of it; empty where there is nothing.
        engine: what runs the container, where it is one.
        earlier: what the runtimes lack that would have come first; none where this one was asked for.
    """

    name: str
    banner: str = ""
    engine: Engine | None = None
    earlier: Mapping[str, EnvironmentLack] = field(default_factory=dict[str, EnvironmentLack])


def choose(wanted: str, engine: str = "auto") -> Chosen:
    """The runtime to use.

    Args:
        wanted: ``triton``, ``container``, ``inprocess``, or ``auto`` for the first of these that can run here.
        engine: ``docker``, ``podman``, or ``auto`` for the first of these that works.

    Raises:
        EnvironmentLack: a runtime was asked for and cannot run here.
    """
    if wanted == "inprocess":
        return Chosen("inprocess", f"Runtime inprocess: steps run in this process; {_NOT_EXERCISED}.")
    lacks: dict[str, EnvironmentLack] = {}
    for name in ("triton", "container") if wanted == "auto" else (wanted,):
        try:
            found = _find(name, engine)
        except EnvironmentLack as lack:
            if wanted != "auto":
                raise
            lacks[name] = lack
        else:
            return Chosen(name, _instead(f"container ({found})", lacks) if lacks else "", found, lacks)
    return _in_process(lacks)


def next_after(chosen: Chosen, lack: EnvironmentLack) -> Chosen | None:
    """The runtime to use where ``chosen`` could not be started; ``None`` where it was asked for, or is not to blame.

    Only a container: whether its image can be made is known when that was tried.
    """
    to_blame = all(each.code.startswith("container-") for each in lack.problems)
    return _in_process({**chosen.earlier, "container": lack}) if chosen.earlier and chosen.engine and to_blame else None


def _in_process(lacks: Mapping[str, EnvironmentLack]) -> Chosen:
    return Chosen("inprocess", _instead("inprocess", lacks, f"; {_NOT_EXERCISED}"), earlier=lacks)


def _find(name: str, engine: str) -> Engine | None:
    """See that a runtime can run here; the engine of the container.

    Raises:
        EnvironmentLack: it cannot.
    """
    if name == "container":
        from headrace_serving.container.probe import find

        return find(engine)
    from headrace_serving.triton.probe import locate

    locate()
    return None


def _instead(name: str, lacks: Mapping[str, EnvironmentLack], more: str = "") -> str:
    """Why the runtime is ``name`` and none of the earlier ones, and what to do about it."""
    firsts = {_TITLES[runtime]: lack.problems[0] for runtime, lack in lacks.items()}
    whys = "; ".join(f"{title} cannot run here: it {each.expected}, got {each.got}" for title, each in firsts.items())
    writes = "\n".join(f"For {title}: {each.write}." for title, each in firsts.items())
    return f"Runtime {name}, because {whys}{more}.\n{writes} `headrace doctor` says more."


def executor(checked: Checked, workplace: Workplace, view: View) -> tuple[Executor, Path | None]:
    """The executor, and where its server writes its log; ``view`` is told of repairs."""
    from headrace_serving.runtimes.beside import with_remotes

    plan, chosen = checked.plan, checked.chosen
    if chosen.name == "inprocess":
        from headrace_serving.runtimes.inprocess import InProcessExecutor

        return with_remotes(plan, workplace, InProcessExecutor(plan, workplace)), None
    from headrace_serving.runtimes.triton import TritonExecutor, TritonSettings

    settings, where = TritonSettings(), None
    if chosen.engine:
        where = housing(chosen.engine, checked.settings, workplace, view)
        settings = TritonSettings(environment=given_secrets(plan))
    triton = TritonExecutor(plan, workplace, settings, lambda event: view.note(repair(event)), where)
    return with_remotes(plan, workplace, triton), triton.log


def caching(inner: Executor, checked: Checked, store: FileStore, note: Callable[[str], None]) -> Executor:
    """The executor with a cache before it, where the plan asks for one.

    Args:
        inner: the executor.
        checked: what it serves, and what results may take.
        store: of the runs' objects, beside which results are kept.
        note: is told of what a person must know, and of results that are no good.
    """
    plan, limits = checked.plan, checked.limits
    if limits is None or not any(segment.cached for segment in plan.segments):
        return inner
    from headrace_dags.plan.explain import cached_secrets
    from headrace_serving.cache.executor import CachingExecutor
    from headrace_serving.cache.store import ResultStore

    for remark in cached_secrets(plan):
        note(remark)
    addresses = {plan.homes[node]: str(address) for node, address in checked.addresses.items()}
    return CachingExecutor(inner, plan, ResultStore(store, TENANT, limits, note), addresses)


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
