"""Files that were named: they must be there, be files, be readable and hold something."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from headrace.door.unfit import Unfit
from headrace_dags.graph import Port

_WILD = frozenset("*?[")
_NEAR = 0.75
"""How alike names are, of 1, where one may have been meant for the other."""
_LONGEST_SHOWN = 80


def existing(port: Port, text: str) -> Path:
    """The file that ``text`` names for ``port``.

    Raises:
        Unfit: it is not there, no file, not readable or empty.
    """
    path, expected = located(text), f"expects {port.type}"
    try:
        found = path.stat() if text else None
    except (FileNotFoundError, NotADirectoryError):
        raise Unfit("input-file", expected, f"{text}, which is not there", _nearby(port, path)) from None
    except OSError as error:
        raise Unfit("input-file", expected, f"{_short(text)}, which cannot be looked at ({error.strerror})") from None
    if found is None:
        raise Unfit("input-file", expected, "no name of a file after the @", f"Write --input {port.name}=@FILE")
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
        raise Unfit("input-file", expected, f"{text}, which is {what}", "Name one file")
    if not os.access(path, os.R_OK):
        raise Unfit("input-file", expected, f"{text}, which may not be read", f"Allow it: chmod u+r {text}")
    if found.st_size == 0:
        write = "Give a file that holds something; perhaps this one was never written to its end"
        raise Unfit("input-empty", expected, f"{text}, which is empty (0 bytes)", write)
    return path.absolute()


def expanded(port: Port, texts: Iterable[str]) -> Iterator[str]:
    """For an input that takes many: ``@folder`` and ``@*.png`` stand for their files, sorted by name.

    Raises:
        Unfit: there is no file in the folder, or none that fits.
    """
    for text in texts:
        path = located(text[1:])
        if text.startswith("@@") or not text.startswith("@"):
            yield text
        elif path.is_dir():
            yield from _files(port, text, path.iterdir())
        elif _WILD & set(path.name) and not path.exists() and path.parent.is_dir():
            yield from _files(port, text, path.parent.glob(path.name))
        else:
            yield text


def located(text: str) -> Path:
    """The path that ``text`` is; a home that nobody has is a name like any other."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def is_file(text: str) -> bool:
    """Whether ``text`` happens to be the path of a file."""
    try:
        return located(text).is_file()
    except (OSError, ValueError):
        return False


def _files(port: Port, text: str, paths: Iterable[Path]) -> list[str]:
    found = [f"@{path}" for path in sorted(paths) if path.is_file() and not path.name.startswith(".")]
    if not found:
        write = f"Write --input {port.name}=[] for none"
        raise Unfit("input-file", f"expects {port}", f"{text[1:]}, where no file is", write)
    return found


def _nearby(port: Port, path: Path) -> str:
    """What may have been meant."""
    if not path.parent.is_dir():
        return f"The folder {path.parent} is not there either"
    names = [each.name for each in path.parent.iterdir() if each.is_file()]
    close = get_close_matches(path.name, names, 1, _NEAR)
    return f"Write --input {port.name}=@{path.parent / close[0]}" if close else f"Looked in {path.parent.absolute()}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
