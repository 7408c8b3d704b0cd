"""Shared memory and disk that a server needs: what is free, what is too little, and what Triton says when it ran out."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.triton.keeper import SHARED_MEMORY

STUB_BYTES = 1 << 20
"""Shared memory of a fresh stub, in bytes. It grows with the tensors that pass through it."""

_EXHAUSTED = re.compile(
    # The last two are what becomes of a mapper's answer that found no room.
    r"shared memory.*no space left|failed to increase the shared memory pool"
    r"|expected a single response, got 0|unexpected deadlock, at least one output is not set",
    re.IGNORECASE | re.DOTALL,
)
_LARGER = "Free some of it or make it larger (mount -o remount,size=1G /dev/shm; in a container --shm-size=1g, in a pod an emptyDir of medium Memory)"


def free_bytes() -> int:
    """Bytes of shared memory that can still be taken; 0 where the system has none."""
    try:
        status = os.statvfs(SHARED_MEMORY)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def require_shared_memory(models: int, reserve_bytes: int) -> None:
    """Check that a server with this many models finds room in shared memory.

    Args:
        models: how many models it loads; each has at least one stub.
        reserve_bytes: what tensors in flight may need beside that.

    Raises:
        EnvironmentLack: code ``shared-memory``.
    """
    needed, free = models * STUB_BYTES + reserve_bytes, free_bytes()
    if free < needed:
        expected = f"Triton needs {size(needed)} of shared memory for {models} models"
        raise EnvironmentLack(Problem("shared-memory", str(SHARED_MEMORY), expected, f"{size(free)} free", _LARGER))


def require_disk(folder: Path, needed_bytes: int) -> None:
    """Check that logs can be written below ``folder``, which is made.

    Raises:
        EnvironmentLack: code ``disk``.
    """
    expected = f"the server's log needs a folder that can be written, with {size(needed_bytes)} free"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLack(Problem("disk", str(folder), expected, str(error), "Choose another folder")) from None
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK) or free < needed_bytes:
        got = f"{size(free)} free" if free < needed_bytes else "a folder that cannot be written"
        raise EnvironmentLack(Problem("disk", str(folder), expected, got, "Free some space or choose another folder"))


def shared_memory_lack(message: str) -> EnvironmentLack | None:
    """The error to show where ``message``, of a failed load or call, says that shared memory ran out; else ``None``."""
    if not _EXHAUSTED.search(message):
        return None
    expected = "a model's process needs shared memory for its tensors"
    return EnvironmentLack(
        Problem("shared-memory", str(SHARED_MEMORY), expected, f"{size(free_bytes())} free", _LARGER)
    )


def size(count: int) -> str:
    """A number of bytes for a person: ``12.5 MiB``."""
    return f"{count / (1 << 20):.1f} MiB" if count < 1 << 30 else f"{count / (1 << 30):.1f} GiB"
