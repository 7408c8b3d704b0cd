"""Where something is to be written: looked at beforehand, and in a person's words why it cannot be."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def writing(place: Path, what: str, write: str) -> Generator[None]:
    """Tell why the file system refused.

    Args:
        place: the file or folder that is written.
        what: what is written there, in the plural.
        write: what to do about it, as an imperative sentence without its full stop.

    Raises:
        EnvironmentLack: code ``disk-full`` or ``disk-refused``.
    """
    try:
        yield
    except OSError as error:
        raise EnvironmentLack(refusal(error, place, what, write)) from error


def refusal(error: OSError, place: Path, what: str, write: str) -> Problem:
    """The problem that an error of the file system stands for; arguments as for :func:`writing`."""
    got = (error.strerror or str(error)).lower()
    if error.errno in _FULL:
        return Problem("disk-full", str(place), f"{what} need room on the disk", got, f"Free some space, or {write}")
    return Problem("disk-refused", str(place), f"{what} need a place that can be written", got, _capital(write))


def look_at(folder: Path, what: str, write: str) -> None:
    """Whether ``folder``, made or not, can be written into; nothing is made. Arguments as for :func:`writing`.

    Raises:
        EnvironmentLack: as of :func:`writing`.
    """
    with writing(folder, what, write):
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{there} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, f"{there} may not be written")
        if not shutil.disk_usage(there).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
