"""Steps that are model files: ``@hr.onnx``, ``@hr.tensorrt``, ``@hr.torchscript``. The function is only a signature; where
its file lies is worked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, overload

from headrace_dags.declare.options import BATCH, RESOURCES, Device, caller_line, written_of_model
from headrace_dags.declare.steps import DecorateBatch, Step, decorated

if TYPE_CHECKING:
    from headrace_dags.errors import Location, Problem

__all__ = ("BACKENDS", "find", "no_backend", "onnx", "root_of", "tensorrt", "torchscript")

BACKENDS: Mapping[str, str] = MappingProxyType(
    {"onnx": "onnxruntime", "tensorrt": "tensorrt", "torchscript": "pytorch"}
)
"""Form of a model file -> Triton's backend for it."""

P = ParamSpec("P")
R = TypeVar("R")


class DecorateModel(Protocol):
    """What ``onnx(...)`` without a batch size returns."""

    def __call__(self, target: Callable[P, R], /) -> Step[P, R]:
        """Make the step."""
        ...


_NAMES = (*BATCH, *RESOURCES)

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

    @overload
    def tensorrt(
        model: str,
        /,
        *,
        memory: str = "",
        gpu_memory: str = "",
        slice: str = "",
    ) -> DecorateModel: ...
    @overload
    def tensorrt(
        model: str,
        /,
        *,
        size: int,
        wait: str = "0ms",
        memory: str = "",
        gpu_memory: str = "",
        slice: str = "",
    ) -> DecorateBatch: ...
    def tensorrt(model: str, /, **options: Any) -> Any:
        """Make a step of a TensorRT engine; see the definition below."""
        ...

    @overload
    def torchscript(
        model: str,
        /,
        *,
        memory: str = "",
        gpu_memory: str = "",
        device: Device = "cpu",
        slice: str = "",
    ) -> DecorateModel: ...
    @overload
    def torchscript(
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
    def torchscript(model: str, /, **options: Any) -> Any:
        """Make a step of a TorchScript model; see the definition below."""
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
        made = written_of_model("onnx", model, options, (), _NAMES)
        return decorated(model if callable(model) else None, made, caller_line())

    def tensorrt(model: Any, /, **options: Any) -> Any:
        """Make a step of a TensorRT engine (``.plan`` or ``.engine``), which target ``kubernetes`` serves, on a GPU.

        Args:
            model: as of :func:`onnx`.
            **options: as of :func:`onnx`, without ``device``.
        """
        made = written_of_model("tensorrt", model, {"device": "gpu", **options}, (), _NAMES)
        return decorated(model if callable(model) else None, made, caller_line())

    def torchscript(model: Any, /, **options: Any) -> Any:
        """Make a step of a TorchScript model (``.pt``), which target ``kubernetes`` serves.

        Args:
            model: as of :func:`onnx`.
            **options: as of :func:`onnx`.
        """
        made = written_of_model("torchscript", model, options, (), _NAMES)
        return decorated(model if callable(model) else None, made, caller_line())


def no_backend(form: str, where: str, location: Location | None) -> Problem:
    """What is said of a model file whose format only a server with another backend runs."""
    from headrace_dags.errors import Problem

    name = "TensorRT engine" if form == "tensorrt" else "TorchScript model"
    expected = f"a {name} needs Triton's {BACKENDS[form]} backend, which only target kubernetes has"
    write = "Plan it for target kubernetes, export it as hr.onnx, or call a server that has it with hr.remote"
    return Problem("no-backend", where, expected, "this machine", write, location)


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
