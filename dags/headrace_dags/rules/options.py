"""Rules for options: resources, batches, retries and durations must make sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from headrace_dags.declare.options import StepOptions, UseOptions
from headrace_dags.declare.units import UnitError, microseconds, seconds, size_bytes
from headrace_dags.graph import Batching, Options, Resources
from headrace_dags.misfit import Misfit
from headrace_dags.rules import joins, streams


def resources(options: StepOptions) -> tuple[Resources, list[Misfit]]:
    """``option-value``: memory is a size, the device exists, and what needs a GPU says so."""
    misfits: list[Misfit] = []
    found = Resources(
        device=options.device if options.device in ("cpu", "gpu") else "cpu",
        memory_bytes=_amount("memory", options.memory, misfits),
        gpu_memory_bytes=_amount("gpu_memory", options.gpu_memory, misfits),
        slice=options.slice if isinstance(options.slice, str) else "",
    )
    return found, misfits + [each for each in (_device(options), _slice(options), _needs_gpu(options)) if each]


def _amount(name: str, text: Any, misfits: list[Misfit]) -> int:
    try:
        return size_bytes(text) if text != "" else 0
    except UnitError as error:
        misfits.append(Misfit("option-value", f"{name} {error}", f"{text!r}", f'Write {name}="6Gi"'))
        return 0


def _device(options: StepOptions) -> Misfit | None:
    if options.device in ("cpu", "gpu"):
        return None
    return Misfit("option-value", 'device expects "cpu" or "gpu"', f"{options.device!r}", 'Write device="gpu"')


def _slice(options: StepOptions) -> Misfit | None:
    if isinstance(options.slice, str):
        return None
    return Misfit(
        "option-value", "slice expects the name of a partition", f"{options.slice!r}", 'Write slice="1g.10gb"'
    )


def _needs_gpu(options: StepOptions) -> Misfit | None:
    asked = [name for name in ("gpu_memory", "slice") if getattr(options, name)]
    if options.device != "cpu" or not asked:
        return None
    return Misfit("option-value", f"{asked[0]} needs a GPU", 'device="cpu"', 'Add device="gpu"')


def max_items(options: StepOptions, *, many: bool) -> Misfit | None:
    """``option-value``: ``max_items`` is a whole number, on a step that makes many items."""
    limit = options.max_items
    if limit is None:
        return None
    if not _whole(limit, 1):
        return Misfit(
            "option-value", "max_items expects a whole number above zero", f"{limit!r}", "Write max_items=256"
        )
    write = "Leave it out, or return Iterator[...] or hr.Many[...]"
    return (
        None if many else Misfit("option-value", "max_items is for steps that make many items", "a single value", write)
    )


def batching(options: StepOptions) -> tuple[Batching | None, list[Misfit]]:
    """``batch-option``: a batch has a size, and waits for a duration."""
    misfits: list[Misfit] = []
    size, wait_us = (options.size or 0 if _whole(options.size, 1) else 0), 0
    if not size:
        got = "" if options.size is None else f"{options.size!r}"
        misfits.append(
            Misfit("batch-option", "expects the most items of a batch, a whole number above zero", got, "Write size=8")
        )
    try:
        wait_us = microseconds(options.wait)
    except UnitError as error:
        misfits.append(Misfit("batch-option", f"wait {error}", f"{options.wait!r}", 'Write wait="5ms"'))
    return (None if misfits else Batching(size=size, wait_us=wait_us)), misfits


def use(options: UseOptions | None) -> tuple[Options, list[Misfit]]:
    """``option-value``: what ``with_`` says: retries are counted, a timeout is a duration, the rest are flags."""
    if options is None:
        return Options(), []
    misfits: list[Misfit] = []
    timeout_s = duration("timeout", options.timeout, misfits.append)
    retry = options.retry or 0
    if not _whole(retry, 0):
        misfits.append(
            Misfit("option-value", "retry expects a whole number, 0 or more", f"{options.retry!r}", "Write retry=2")
        )
        retry = 0
    misfits += _flags(isolate=options.isolate, cache=options.cache)
    idle_s = duration("idle", options.idle, misfits.append)
    if idle_s is not None and timeout_s is not None and idle_s >= timeout_s:
        misfits.append(streams.idle_longer())
    found = Options(
        retry=retry,
        timeout_s=timeout_s,
        isolate=bool(options.isolate),
        idle_s=idle_s,
        cache=options.cache is True,
    )
    return found, misfits


def _flags(**values: object) -> Iterator[Misfit]:
    for name, value in values.items():
        if not isinstance(value, bool):
            yield Misfit("option-value", f"{name} expects True or False", f"{value!r}", f"Write {name}=True")


def cacheable(options: Options, step: str, *, fed: bool) -> Misfit | None:
    """``cache-input``: a result is kept under what it was made of, so it is made of something.

    Args:
        options: of the use.
        step: how messages call the step.
        fed: whether this use is given a value of the dag.
    """
    if fed or not options.cache:
        return None
    expected = "a step that is cached takes a value of the dag: its result is kept under that"
    write = f"Give {step} what its result depends on, e.g. a date, or leave out cache=True"
    return Misfit("cache-input", expected, "a call without one", write)


def node_name(name: Any) -> Misfit | None:
    """``option-value``: the name of a node is one that Python would take for a variable."""
    if isinstance(name, str) and name.isidentifier() and name.isascii():
        return None
    return Misfit("option-value", "name expects letters, digits and _", f"{name!r}", 'Write name="read_cover"')


def tolerance(
    options: UseOptions | None, step: str, found: Options, *, mapped: bool
) -> tuple[float | None, Misfit | None]:
    """``option-value`` and ``tolerant-map``: a share between 0 and 1, of the items of a map that are not tried again.

    Args:
        options: what ``tolerant`` says.
        step: how messages call the step.
        found: what ``with_`` says.
        mapped: whether this use is mapped.
    """
    if options is None or options.tolerant is None:
        return None, None
    share: Any = options.tolerant
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        got = f"{share!r}"
        return 0.0, Misfit("option-value", "min_success expects a share from 0 to 1", got, "Write min_success=0.9")
    if not mapped:
        return None, joins.tolerant_map(step)
    return float(share), joins.tolerant_retry() if found.retry else None


def duration(name: str, text: Any, report: Callable[[Misfit], None]) -> float | None:
    """``option-value``: the seconds of an option that is a duration; reports one that is none."""
    try:
        return None if text is None else seconds(text)
    except UnitError as error:
        report(Misfit("option-value", f"{name} {error}", f"{text!r}", f'Write {name}="30s"'))
        return None


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
