"""Steps that are model files: ``@hr.onnx``. The function is only a signature; where its file lies is worked out here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from headrace_dags.declare.options import Device, caller_line, written
from headrace_dags.declare.steps import DecorateBatch, Step, decorated

__all__ = ("find", "onnx", "root_of")

P = ParamSpec("P")
R = TypeVar("R")


class DecorateModel(Protocol):
    """What ``onnx(...)`` without a batch size returns."""

    def __call__(self, target: Callable[P, R], /) -> Step[P, R]:
        """Make the step."""
        ...


if TYPE_CHECKING:

    @overload
    def onnx(
        model: str,
        /,
        *,
        memory: str = "",
        gpu_memory: str = "",
        device: Device = "cpu",
        slice: str = "",
    ) -> DecorateModel: ...
    @overload
    def onnx(
        model: str,
        /,
        *,
        size: int,
        wait: str = "0ms",
        memory: str = "",
        gpu_memory: str = "",
        device: Device = "cpu",
        slice: str = "",
    ) -> DecorateBatch: ...
    def onnx(model: str, /, **options: Any) -> Any:
        """Make a step of an ONNX model; see the definition below."""
        ...

else:

    def onnx(model: Any, /, **options: Any) -> Any:
        """Make a step of an ONNX model: the decorated function is its signature, by the names of its inputs and outputs.

        Args:
            model: path of the file from the import root, or ``package:path`` for one inside an installed package; the
                function, where the decorator was written without it, which a rule refuses.
            **options: the resources of ``hr.step``; with ``size`` (and ``wait``) the function says ``Batch`` and items
                are stacked on the first axis.
        """
        made = written(options, model=model, batched="size" in options)
        return decorated(model if callable(model) else None, made, caller_line())


def find(model_file: str, root: Path) -> Path:
    """Where a model file is; it need not be there.

    Args:
        model_file: as in ``StepRef.model_file``: a path from the import root, or ``package:path``.
        root: the import root.
    """
    package, colon, inside = model_file.partition(":")
    if not colon:
        return root / model_file
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0] if folders else package) / inside


def root_of(fn: Callable[..., Any]) -> Path:
    """The import root of the module that declares ``fn``: its file's path without the parts of the module's name."""
    file = Path(fn.__code__.co_filename).resolve()
    parts = [] if fn.__module__ == "__main__" else fn.__module__.split(".")
    inside = file.parent if file.name == "__init__.py" else file.with_suffix("")
    matches = parts and list(inside.parts[-len(parts) :]) == parts
    return inside.parents[len(parts) - 1] if matches else file.parent
