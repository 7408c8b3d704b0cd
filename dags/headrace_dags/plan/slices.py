"""Which slice a step needs on a target, and what a model and a segment need together. Pure; no packing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from headrace_dags.graph import Resources
from headrace_dags.plan.model import Slice, Target

NO_SLICE = "none"
Combine = Callable[[Iterable[int]], int]


def slice_for(resources: Resources, target: Target) -> Slice | None:
    """The slice that is asked for by name, else the smallest whose memory holds ``gpu_memory``.

    Returns:
        ``None`` where no GPU is asked for, where the target is this machine, or where nothing fits.
    """
    if resources.device == "cpu" or target.kind == "local":
        return None
    if resources.slice:
        return next((each for each in target.slices if each.name == resources.slice), None)
    return next((each for each in target.slices if each.gpu_memory_bytes >= resources.gpu_memory_bytes), None)


def in_turn(needs: Iterable[Resources]) -> Resources:
    """What steps need that run one after another in one process: the largest of each."""
    return _together(tuple(needs), max)


def side_by_side(needs: Iterable[Resources]) -> Resources:
    """What models need that are loaded at the same time: the sum of each."""
    return _together(tuple(needs), sum)


def _together(needs: tuple[Resources, ...], combine: Combine) -> Resources:
    return Resources(
        device="gpu" if any(each.device == "gpu" for each in needs) else "cpu",
        memory_bytes=combine(each.memory_bytes for each in needs),
        gpu_memory_bytes=combine(each.gpu_memory_bytes for each in needs),
        slice=next((each.slice for each in needs if each.slice), ""),
    )
