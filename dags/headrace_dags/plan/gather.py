"""Read from the machine what segment digests are made of: code, model files, versions. The only module of planning that does."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, packages_distributions, version
from pathlib import Path

from headrace_dags.declare.modelfile import find
from headrace_dags.graph import Graph
from headrace_dags.plan.closure import Closures
from headrace_dags.plan.digests import Code, DigestInputs, model_files_of, modules_of

SERVER = "nvidia-pytriton"
"""The distribution that brings the inference server."""

_NONE: frozenset[str] = frozenset()
_RUNS_ONNX = frozenset(("onnxruntime",))
"""What a module with a step of an ONNX model leans on, though it does not import it."""


def gather(graph: Graph, import_root: Path) -> DigestInputs:
    """Gather what the digests of ``graph``'s segments are made of.

    Args:
        graph: the graph.
        import_root: the folder that its steps are imported from.
    """
    closures = Closures(import_root.resolve())
    models = model_files_of(graph.nodes)
    there = {model: file for model in models if (file := find(model, import_root)).is_file()}
    onnx = modules_of(node for node in graph.nodes if node.step.form == "onnx")
    return DigestInputs(
        modules={
            each: _code(closures, each, _RUNS_ONNX if each in onnx else _NONE) for each in modules_of(graph.nodes)
        },
        models={model: _digest(path) for model, path in there.items()},
        missing=tuple(model for model in models if model not in there),
        headrace=_version("headrace"),
        server=_version(SERVER),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
    )


def _code(closures: Closures, module: str, also: frozenset[str]) -> Code:
    found = closures.of(module)
    return Code(files=found.files, distributions=distributions_of(found.outside | also))


def distributions_of(names: Iterable[str]) -> Mapping[str, str]:
    """The installed distributions that bring the top-level modules ``names``, with their versions."""
    brought = (each for name in sorted(names) for each in _bringing(name))
    return {each: _version(each) for each in brought}


@cache
def _bringing(name: str) -> tuple[str, ...]:
    """Most modules are named like their distribution; to know the others, every installed one must be read (0.1 s)."""
    try:
        return (Distribution.from_name(name).metadata["Name"],)
    except PackageNotFoundError:
        return tuple(sorted(set(_installed().get(name, ()))))


@cache
def _installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
