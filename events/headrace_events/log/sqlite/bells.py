"""How processes hear of each other's appends: each has a socket in the log's folder, which whoever commits rings. Nobody polls."""

from __future__ import annotations

import os
import secrets
import socket
from array import array
from contextlib import suppress
from pathlib import Path

_MOST_PLACES = 256
_BYTES = 1 << 16


class Bells:
    """This process's bell, and those of the others.

    Sockets are addressed through the open folder, since the system takes no address of more than 107 bytes.

    Args:
        folder: where they are; made if it is not there.

    Attributes:
        name: of this process's bell.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.name = secrets.token_hex(8)
        self._own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._own.setblocking(False)
        self._own.bind(self._address(self.name))

    def fileno(self) -> int:
        """What becomes readable when somebody rings."""
        return self._own.fileno()

    def ring(self, places: frozenset[int]) -> frozenset[str]:
        """Tell the other processes that partitions have grown. One that has much to hear already is not told more: see :meth:`hear`.

        Returns:
            The bells of processes that are gone.
        """
        gone: set[str] = set()
        message = array("I", sorted(places) if len(places) <= _MOST_PLACES else ()).tobytes()
        for name in os.listdir(self._folder):  # noqa: PTH208  # by the open folder, whatever it is called now
            if name == self.name:
                continue
            try:
                self._own.sendto(message, self._address(name))
            except (ConnectionRefusedError, FileNotFoundError):  # its process is gone
                gone.add(name)
                with suppress(OSError):
                    os.unlink(name, dir_fd=self._folder)
            except OSError:  # it has much to hear
                continue
        return frozenset(gone)

    def hear(self) -> frozenset[int] | None:
        """The partitions that have grown, all that was rung so far taken together.

        Where more than one message had come, others may have found no room: then it may have been any partition, ``None``.
        """
        heard: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                heard.append(self._own.recv(_BYTES))
        if len(heard) != 1 or not heard[0]:
            return None
        return frozenset(array("I", heard[0]))

    def close(self) -> None:
        """Take the bell away."""
        self._own.close()
        with suppress(OSError):
            os.unlink(self.name, dir_fd=self._folder)
        os.close(self._folder)

    def _address(self, name: str) -> str:
        return f"/proc/self/fd/{self._folder}/{name}"
