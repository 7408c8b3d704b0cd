"""Digests of segments: a segment whose code, models, versions and configuration are unchanged keeps its digest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from headrace_dags.graph import Node
from headrace_dags.plan.ingredients import Ingredients, Module
from headrace_dags.plan.model import Segment, Target
from headrace_dags.record import digest

UNDIGESTED = frozenset(("digest", "gate", "cached"))
"""What a segment's digest leaves out of it: itself, and what the engine alone heeds."""
_NOTHING: Mapping[str, str] = MappingProxyType({})

_NOT_SERVED: dict[str, Any] = {
    **dict.fromkeys(UNDIGESTED, True),
    "members": {"__all__": {"stream": {"idle_s"}}},  # heeded by who calls
}


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

    def ingredients(self, target: Target) -> Ingredients:
        """The same as a plan for ``target`` keeps it: what modules share once."""
        codes = self.modules.values()
        return Ingredients(
            modules={
                name: Module(files=tuple(sorted(code.files)), distributions=tuple(sorted(code.distributions)))
                for name, code in self.modules.items()
            },
            files={path: text for code in codes for path, text in code.files.items()},
            distributions={name: text for code in codes for name, text in code.distributions.items()},
            models=dict(self.models),
            versions={
                "headrace": self.headrace,
                "server": self.server,
                "python": self.python,
                "onnx": target.onnx,
            },
        )


class Digester:
    """Digests the segments of one plan; the code of modules that many segments share is digested once."""

    def __init__(self, ingredients: Ingredients) -> None:
        self._ingredients = ingredients
        self._code = lru_cache(maxsize=None)(self._digest_of_code)

    def digest(self, segment: Segment, nodes: Iterable[Node]) -> str:
        """Content hash of all that can change what ``segment`` does; ``diff.causes`` compares the same, part by part.

        Retries, time-outs and caching are left out: they are those of who calls, and the server need not change for them.
        """
        steps = tuple(nodes)
        content: dict[str, Any] = {
            "versions": self._ingredients.versions,
            "segment": segment.model_dump(mode="json", exclude=_NOT_SERVED),
            "nodes": [node.model_dump(mode="json", exclude={"options"}) for node in steps],
            "code": self._code(modules_of(steps)),
            "models": {model: self._ingredients.models.get(model, "") for model in model_files_of(steps)},
        }
        return digest(content)

    def _digest_of_code(self, modules: tuple[str, ...]) -> str:
        made_of = self._ingredients
        return digest({"files": made_of.files_of(modules), "distributions": made_of.distributions_of(modules)})


def modules_of(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The modules that hold the steps of ``nodes``, by name; joins run no code."""
    return tuple(sorted({module_of(node) for node in nodes if node.join is None}))


def model_files_of(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The model files that ``nodes`` run, by path."""
    return tuple(sorted({node.step.model_file for node in nodes if node.step.model_file}))


def module_of(node: Node) -> str:
    """The module that holds the node's step."""
    return node.step.target.partition(":")[0]
