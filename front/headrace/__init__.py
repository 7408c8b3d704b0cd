"""Declare a multimodal dag in Python, check it, plan it, run it: ``import headrace as hr``.

Every public name is loaded when it is first used, so that importing costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace_dags.declare.dag import Dag, dag
    from headrace_dags.declare.joins import Switch, collect, first, optional, quorum, switch, when
    from headrace_dags.declare.modelfile import onnx, tensorrt, torchscript
    from headrace_dags.declare.remote import remote
    from headrace_dags.declare.stateful import Stateful, StatefulBatch
    from headrace_dags.declare.steps import Step, batched, step
    from headrace_dags.errors import (
        BadInput,
        DefinitionError,
        EnvironmentLack,
        HeadraceError,
        InputError,
        PlanError,
        Problem,
    )
    from headrace_dags.layout import Layout
    from headrace_dags.media.handles import AudioFile, Blob, ImageFile, Jpeg, Mp3, Mp4, Pdf, Png, Video, Wav
    from headrace_dags.ports.types import Audio, Batch, Embedding, Image, Many, Text
    from headrace_dags.remote.failing import EndpointFailed
    from headrace_dags.secrets.secret import Secret

__all__ = (
    "Audio",
    "AudioFile",
    "BadInput",
    "Batch",
    "Blob",
    "Dag",
    "DefinitionError",
    "Embedding",
    "EndpointFailed",
    "EnvironmentLack",
    "HeadraceError",
    "Image",
    "ImageFile",
    "InputError",
    "Jpeg",
    "Layout",
    "Many",
    "Mp3",
    "Mp4",
    "Pdf",
    "PlanError",
    "Png",
    "Problem",
    "Secret",
    "Stateful",
    "StatefulBatch",
    "Step",
    "Switch",
    "Text",
    "Video",
    "Wav",
    "batched",
    "collect",
    "dag",
    "first",
    "onnx",
    "optional",
    "quorum",
    "remote",
    "step",
    "switch",
    "tensorrt",
    "torchscript",
    "when",
)

__version__ = "0.1.0"

_HOMES = {
    "declare.dag": ("Dag", "dag"),
    "errors": (
        "BadInput",
        "DefinitionError",
        "EnvironmentLack",
        "HeadraceError",
        "InputError",
        "PlanError",
        "Problem",
    ),
    "layout": ("Layout",),
    "media.handles": ("AudioFile", "Blob", "ImageFile", "Jpeg", "Mp3", "Mp4", "Pdf", "Png", "Video", "Wav"),
    "declare.joins": ("Switch", "collect", "first", "optional", "quorum", "switch", "when"),
    "declare.modelfile": ("onnx", "tensorrt", "torchscript"),
    "declare.remote": ("remote",),
    "declare.stateful": ("Stateful", "StatefulBatch"),
    "declare.steps": ("Step", "batched", "step"),
    "ports.types": ("Audio", "Batch", "Embedding", "Image", "Many", "Text"),
    "remote.failing": ("EndpointFailed",),
    "secrets.secret": ("Secret",),
}
_HOME = {name: f"headrace_dags.{module}" for module, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # or checkers would take every name for a public one

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'headrace' has no attribute {name!r}{_meant(name)}")
        from importlib import import_module

        found = globals()[name] = getattr(import_module(_HOME[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _meant(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, __all__, 1)
    return f". Did you mean {near[0]!r}?" if near and not name.startswith("__") else ""
