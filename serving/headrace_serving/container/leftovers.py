"""Containers that outlived their driver, as after a crash of the engine: each is held by a lock of its driver, and removed when nobody holds it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from headrace_serving.container.asking import ask
from headrace_serving.container.engine import Engine

SERVER, OWNER, LOCK = "dev.headrace.server", "dev.headrace.owner", "dev.headrace.lock"


def owner() -> str:
    """Who we are to an engine that may serve others, too: other people, or containers that see other files."""
    return f"{os.getuid()}@{platform.node()}"


def labels(name: str, lock: Path) -> dict[str, str]:
    """The labels by which a container is found again."""
    return {SERVER: name, OWNER: owner(), LOCK: str(lock)}


class Lock:
    """A file that is locked while its driver lives; the system lets go of it however the driver ends.

    Args:
        path: of the file, which is made.

    Raises:
        BlockingIOError: somebody holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Never through a link: some locks lie where others may write.
        self._file: IO[str] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Let go, and remove the file; may be repeated."""
        if not self._file.closed:
            self.path.unlink(missing_ok=True)
            self._file.close()


def is_held(path: Path) -> bool:
    """Whether a driver lives that holds the lock at ``path``."""
    try:
        with path.open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # held, or not for us to know
        return True
    return False


async def remove_leftovers(engine: Engine) -> tuple[str, ...]:
    """Remove our containers whose drivers are gone; the names of those that were removed."""
    listed = await ask(engine, "container", "ls", "--all", "--quiet", "--filter", f"label={OWNER}={owner()}")
    found = await asyncio.gather(*(_abandoned(engine, each) for each in listed.text.split()))
    names = tuple(name for name in found if name)
    if names:
        await ask(engine, "container", "rm", "--force", *names)
    return names


async def _abandoned(engine: Engine, container: str) -> str:
    """The name of a container that nobody holds; empty where somebody does, or where it is gone by now."""
    told = await ask(engine, "container", "inspect", "--format", "{{json .Config.Labels}}", container)
    found = _read(told.text) if not told.code else {}
    return "" if not found or is_held(Path(found[LOCK])) else str(found[SERVER])


def _read(text: str) -> Mapping[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) and {SERVER, LOCK} <= found.keys() else {}
