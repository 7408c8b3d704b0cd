"""Digests of segments: a segment whose code, models, versions and configuration are unchanged keeps its digest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from headrace_dags.graph import Node
from headrace_dags.plan.model import Segment, Target
from headrace_dags.record import digest

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Code:
    """What one module runs.

    Attributes:
        files: its import closure: path below the import root -> hex SHA-256.
        distributions: installed distributions that those files import: name -> version.
    """

    files: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    distributions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class DigestInputs:
    """All that digests cover beside the graph, as data; ``gather`` reads it from the machine.

    Attributes:
        modules: the code of each module that holds a step.
        models: model files: path below the import root -> hex SHA-256.
        missing: model files that a node names and that are not there.
        headrace: Headrace's version.
        server: the inference server's version.
        python: the interpreter's ``major.minor``.
    """

    modules: Mapping[str, Code] = field(default_factory=lambda: MappingProxyType({}))
    models: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    missing: tuple[str, ...] = ()
    headrace: str = ""
    server: str = ""
    python: str = ""


class Digester:
    """Digests the segments of one plan; modules that many segments share are digested once."""

    def __init__(self, target: Target, inputs: DigestInputs) -> None:
        self._inputs = inputs
        self._versions = {
            "headrace": inputs.headrace,
            "server": inputs.server,
            "python": inputs.python,
            "onnx": target.onnx,
        }
        self._code = lru_cache(maxsize=None)(self._digest_of_code)

    def digest(self, segment: Segment, nodes: Iterable[Node]) -> str:
        """Content hash of all that can change what ``segment`` does.

        Retries and time-outs are left out: they are the engine's, and the server need not change for them.
        """
        steps = tuple(nodes)
        modules = modules_of(steps)
        models = sorted({node.step.model_file for node in steps if node.step.model_file})
        content: dict[str, Any] = {
            "versions": self._versions,
            "segment": segment.model_dump(mode="json", exclude={"digest", "gate"}),
            "nodes": [node.model_dump(mode="json", exclude={"options"}) for node in steps],
            "code": {module: self._code(module) for module in modules},
            "models": {model: self._inputs.models.get(model, "") for model in models},
        }
        return digest(content)

    def _digest_of_code(self, module: str) -> str:
        code = self._inputs.modules.get(module, Code())
        return digest({"files": dict(code.files), "distributions": dict(code.distributions)})


def modules_of(nodes: Iterable[Node]) -> list[str]:
    """The modules that hold the steps of ``nodes``; joins run no code."""
    return sorted({module_of(node) for node in nodes if node.join is None})


def module_of(node: Node) -> str:
    """The module that holds the node's step."""
    return node.step.target.partition(":")[0]
