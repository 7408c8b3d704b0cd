"""Why a folder could not be written, in a person's words."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR})
_ELSEWHERE = "or set HEADRACE_STATE to a folder on another disk"


@contextmanager
def writing(folder: Path, what: str) -> Generator[None]:
    """Tell why the file system refused; other errors pass.

    Args:
        folder: where it is written.
        what: who needs room there and what for, as a noun phrase.

    Raises:
        EnvironmentLack: code ``disk-full`` or ``disk-refused``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            got = f"{_free_bytes(folder) / (1 << 20):,.1f} MiB free ({error.strerror})"
            advice = f"Free some (headrace clean) {_ELSEWHERE}"
            raise EnvironmentLack(Problem("disk-full", str(folder), f"{what} needs room", got, advice)) from error
        if error.errno in _REFUSED:
            expected, advice = f"{what} needs a folder that can be written", f"Allow writing there {_ELSEWHERE}"
            raise EnvironmentLack(Problem("disk-refused", str(folder), expected, str(error), advice)) from error
        raise


def _free_bytes(folder: Path) -> int:
    """Bytes free on the disk that holds ``folder``, made or not."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free
