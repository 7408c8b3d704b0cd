"""Rules for model files: the file is there and of its format, and its ports are arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from headrace_dags.declare.modelfile import find
from headrace_dags.declare.options import StepOptions
from headrace_dags.errors import short
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.spelling import annotated
from headrace_dags.rules.formats import foreign_content

_SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"onnx": (".onnx",), "tensorrt": (".plan", ".engine"), "torchscript": (".pt", ".pth", ".ts")}
)
_DECODED: Mapping[str, str] = MappingProxyType({"image": "hr.Image", "video": "hr.Image", "audio": "hr.Audio"})
_TENSOR = 'Annotated[np.ndarray[tuple[int], np.dtype[np.int64]], hr.Layout("tensor", "n")]'


def model_file(form: str, model: Any, root: Path) -> Misfit | None:
    """``onnx-file``, ``model-file``: the file lies where it can be shipped from, and is what it says."""
    if form == "onnx":
        return onnx_file(model, root)
    suffixes = _SUFFIXES[form]
    if not isinstance(model, str) or not model.endswith(suffixes):
        got = "" if callable(model) else repr(model)
        expected = f"expects the path of a {' or '.join(suffixes)} file"
        return Misfit("model-file", expected, got, f'Write @hr.{form}("model{suffixes[0]}")')
    if _leads_out(model):
        write = "Move the file beside the code and give its path from there"
        return Misfit("model-file", "expects a path inside the project", model, write)
    file = find(model, root)
    if not file.is_file():
        return Misfit("model-file", "expects the model file", f"no file {model}", _absent(model, root))
    return foreign_content(form, model, file)


def onnx_file(model: Any, root: Path) -> Misfit | None:
    """``onnx-file``: the model lies under the import root or inside an installed package, so that it can be shipped."""
    if not isinstance(model, str) or not model.endswith(_SUFFIXES["onnx"]):
        got = "" if callable(model) else repr(model)
        return Misfit("onnx-file", "expects the path of an .onnx file", got, 'Write @hr.onnx("model.onnx")')
    if _leads_out(model):
        write = "Move the file beside the code and give its path from there"
        return Misfit("onnx-file", "expects a path inside the project", model, write)
    if find(model, root).is_file():
        return None
    return Misfit("onnx-file", "expects the model file", f"no file {model}", _absent(model, root))


def _absent(model: str, root: Path) -> str:
    return f"Put the file at {short(root / model)}, or correct its path, which begins where the imports do, at {short(root)}"


def _leads_out(model: str) -> bool:
    return PurePosixPath(model).is_absolute() or ".." in PurePosixPath(model).parts


def model_port(form: str, port: Port, *, given: bool) -> Misfit | None:
    """``onnx-port``, ``model-port``: a model takes and gives arrays.

    Args:
        form: the format of the model.
        port: one of the step's.
        given: whether the model gives it; else it takes it.
    """
    if form == "onnx":
        return None if port.type.is_array else Misfit("onnx-port", _EXPECTED, str(port), _array(port, given))
    if port.type.is_array and not port.many and not port.optional:
        return None
    return Misfit("model-port", _EXPECTED, str(port), _single(port) if port.type.is_array else _array(port, given))


_EXPECTED = "a model takes and gives single arrays"


def _array(port: Port, given: bool) -> str:
    """The array to write in the place of what is none, and the step that turns the one into the other."""
    apart = f"let a step {'behind it take that' if given else 'before it give that'}"
    if decoded := _DECODED.get(port.type.kind):
        return f"Write {decoded}, which is decoded, and {apart}"
    return f"Write the type of the file's tensor, e.g. hr.Embedding, or for token ids {_TENSOR} (n names its axis), and {apart}"


def _single(port: Port) -> str:
    """The array to write in the place of many, or of one that may be missing."""
    one = annotated(port.model_copy(update={"many": False, "optional": False}))
    call = "call it with .map" if port.many else "put it behind hr.when or hr.optional in the dag"
    return f"Write {one}, and {call}"


def gpu_only(options: StepOptions) -> Misfit | None:
    """``option-value``: an engine is made for a GPU."""
    if options.device == "gpu":
        return None
    return Misfit("option-value", "a TensorRT engine runs on a GPU", f"device={options.device!r}", "Leave device= out")
