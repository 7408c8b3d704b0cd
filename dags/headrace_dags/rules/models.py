"""Rules for model files: the file is there, and its ports are arrays."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from headrace_dags.declare.modelfile import find
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit


def onnx_file(model: Any, root: Path) -> Misfit | None:
    """``onnx-file``: the model lies under the import root or inside an installed package, so that it can be shipped."""
    if not isinstance(model, str) or not model.endswith(".onnx"):
        got = "" if callable(model) else repr(model)
        return Misfit("onnx-file", "expects the path of an .onnx file", got, 'Write @hr.onnx("model.onnx")')
    if PurePosixPath(model).is_absolute() or ".." in PurePosixPath(model).parts:
        write = "Move the file beside the code and give its path from there"
        return Misfit("onnx-file", "expects a path inside the project", model, write)
    if find(model, root).is_file():
        return None
    write = "Put it there, or give its path from the import root"
    return Misfit("onnx-file", "expects the model file", f"no file {model}", write)


def onnx_port(port: Port) -> Misfit | None:
    """``onnx-port``: a model takes and gives arrays."""
    if port.type.is_array:
        return None
    write = (
        "Write hr.Image, hr.Audio, hr.Embedding or Annotated[np.ndarray[tuple[int], np.dtype[np.int64]],"
        ' hr.Layout("tensor", "n")], and put a step before it that makes the array'
    )
    return Misfit("onnx-port", "a model takes and gives arrays", str(port), write)
