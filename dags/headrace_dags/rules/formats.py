"""What model files begin with: whether a file is of the format that its step says. Reads a few bytes; loads nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

from headrace_dags.misfit import Misfit

_ENGINE = (b"ftrt", b"ptrt")
"""The tag of a serialised TensorRT engine; the second one of versions before 8."""
_ZIP = b"PK\x03\x04"


def foreign_content(form: str, model: str, file: Path) -> Misfit | None:
    """``model-file``: the content is of the format."""
    try:
        return _of_engine(model, file) if form == "tensorrt" else _of_torchscript(model, file)
    except OSError as error:
        got = f"{model}: {error.strerror or type(error).__name__}"
        return Misfit("model-file", "expects a file that can be read", got, "Make it readable")


def _of_engine(model: str, file: Path) -> Misfit | None:
    with file.open("rb") as stream:
        head = stream.read(4)
    if head in _ENGINE:
        return None
    write = "Build it with trtexec --saveEngine, on the kind of GPU that serves it"
    return Misfit("model-file", "expects a serialised TensorRT engine", f"{_what(head)} in {model}", write)


def _of_torchscript(model: str, file: Path) -> Misfit | None:
    with file.open("rb") as stream:
        head = stream.read(4)
    write = "Save it with torch.jit.save(torch.jit.trace(model, example), path)"
    expected = "expects a TorchScript archive"
    if head != _ZIP or not zipfile.is_zipfile(file):
        return Misfit("model-file", expected, f"{_what(head)} in {model}", write)
    with zipfile.ZipFile(file) as archive:
        inside = [name.partition("/")[2] for name in archive.namelist()]
    if "constants.pkl" in inside and any(name.startswith("code/") for name in inside):
        return None
    got = f"weights without code (torch.save) in {model}" if "data.pkl" in inside else f"another archive in {model}"
    return Misfit("model-file", expected, got, write)


def _what(head: bytes) -> str:
    if not head:
        return "nothing"
    if head in _ENGINE:
        return "a TensorRT engine"
    return "an archive" if head == _ZIP else "other content"
