"""Files that were named: they must be there, be files, be readable and hold something."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from headrace.door.unfit import Unfit

_WILD = frozenset("*?[")


def existing(text: str, expected: str) -> Path:
    """The file that ``text`` names.

    Args:
        text: a path, as given.
        expected: what the port wants, for the message.

    Raises:
        Unfit: it is not there, no file, not readable or empty.
    """
    path = Path(text).expanduser()
    if not path.exists():
        raise Unfit("input-file", f"expects {expected}", f"{text}, which is not there", _nearby(path))
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no regular file"
        raise Unfit("input-file", f"expects {expected}", f"{text}, which is {what}", "Name one file")
    if not os.access(path, os.R_OK):
        raise Unfit("input-file", f"expects {expected}", f"{text}, which may not be read")
    if path.stat().st_size == 0:
        raise Unfit("input-empty", f"expects {expected}", f"{text}, which is empty (0 bytes)")
    return path.absolute()


def expanded(texts: Iterable[str]) -> Iterator[str]:
    """For an input that takes many: ``@folder`` and ``@*.png`` stand for their files, sorted by name."""
    for text in texts:
        path = Path(text[1:]).expanduser()
        if text.startswith("@@") or not text.startswith("@"):
            yield text
        elif path.is_dir():
            yield from (f"@{file}" for file in sorted(path.iterdir()) if _visible(file))
        elif _WILD & set(path.name) and not path.exists() and path.parent.is_dir():
            yield from (f"@{file}" for file in sorted(path.parent.glob(path.name)) if _visible(file))
        else:
            yield text


def is_file(text: str) -> bool:
    """Whether ``text`` happens to be the path of a file."""
    try:
        return Path(text).expanduser().is_file()
    except (OSError, ValueError):
        return False


def _visible(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".")


def _nearby(path: Path) -> str:
    """What may have been meant."""
    if not path.parent.is_dir():
        return f"The folder {path.parent} is not there either"
    names = [each.name for each in path.parent.iterdir() if each.is_file()]
    close = get_close_matches(path.name, names, 1)
    return f"Write {path.parent / close[0]}" if close else f"Looked in {path.parent.absolute()}"
