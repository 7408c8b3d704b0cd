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
        self._others: dict[str, socket.socket] = {}
        self._own = _socket()
        self._own.bind(self._address(self.name))

    def fileno(self) -> int:
        """What becomes readable when somebody rings."""
        return self._own.fileno()

    def ring(self, places: frozenset[int]) -> frozenset[str]:
        """Tell the other processes that partitions have grown. One that has much to hear already is not told more: see :meth:`hear`.

        Returns:
            The bells of processes that are gone.
        """
        message = array("I", sorted(places) if len(places) <= _MOST_PLACES else ()).tobytes()
        there = set(os.listdir(self._folder)) - {self.name}  # noqa: PTH208  # by the open folder, whatever it is called now
        for name in set(self._others) - there:
            self._others.pop(name).close()
        return frozenset(name for name in there if not self._rings(name, message))

    def _rings(self, name: str, message: bytes) -> bool:
        """Ring one bell; whether its process is there.

        Each bell has a socket of its own here: on a common one, messages that a frozen process does not read would use up what
        may be on its way to all.
        """
        try:
            if name not in self._others:
                self._others[name] = _socket()
                self._others[name].connect(self._address(name))
            self._others[name].send(message)
        except (ConnectionRefusedError, FileNotFoundError):
            self._others.pop(name).close()
            with suppress(OSError):
                os.unlink(name, dir_fd=self._folder)
            return False
        except OSError:  # it has much to hear
            return True
        return True

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
        for each in (self._own, *self._others.values()):
            each.close()
        with suppress(OSError):
            os.unlink(self.name, dir_fd=self._folder)
        os.close(self._folder)

    def _address(self, name: str) -> str:
        return f"/proc/self/fd/{self._folder}/{name}"


def _socket() -> socket.socket:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.setblocking(False)
    return found
