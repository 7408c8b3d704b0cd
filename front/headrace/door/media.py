"""Encoded media: a file becomes a handle once its header says that it is what the port expects."""

from __future__ import annotations

from headrace.door.files import existing, is_file
from headrace.door.unfit import Unfit
from headrace_dags.graph import Port
from headrace_dags.media.handles import Blob, FileSource, class_for
from headrace_dags.media.probe import probe


def handle(port: Port, expected: type[Blob], text: str) -> Blob:
    """A handle of the most specific class that fits.

    Raises:
        Unfit: no file, not there, empty, another medium, or a broken header.
    """
    if not text.startswith("@"):
        raise _no_file(port, text)
    source = FileSource(existing(port, text[1:]))
    if misfit := probe(source, expected, name=port.name):
        raise Unfit.of(misfit)
    return class_for(source.media_type, expected)(source)


def _no_file(port: Port, text: str) -> Unfit:
    write = f"Write --input {port.name}=@{text}" if is_file(text) else f"Write --input {port.name}=@FILE"
    return Unfit("input-file", f"expects {port.type} as a file", repr(text), write)
