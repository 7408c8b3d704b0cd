"""The targets a plan can be made for. What a platform offers is handed in: this room knows no hardware."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.plan.model import Slice, Target


def local() -> Target:
    """This machine: every segment on one server, ONNX models inside its python backend, no slices."""
    return Target(kind="local", onnx="python")


def kubernetes(platform: str, slices: Iterable[Slice]) -> Target:
    """A cluster.

    Args:
        platform: ``plain``, ``gke``, ``coreweave`` ...
        slices: the partitions and whole GPUs it offers; sorted here by memory, keeping the given order among equals.
    """
    by_memory = tuple(sorted(slices, key=lambda each: each.gpu_memory_bytes))
    return Target(kind="kubernetes", platform=platform, slices=by_memory, onnx="onnxruntime")
