"""Ports on the loopback interface: free ones, and who holds one that is taken."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem

LOOPBACK = "127.0.0.1"
_LISTEN = "0A"


class PortTaken(EnvironmentLack):
    """Raised when a port that was asked for is in use.

    Attributes:
        port: the port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        got = f"a port in use by {holder(port) or 'a process that this user cannot see'}"
        write = "End that process (perhaps a server of an earlier run), or set another port, or 0 for any free one"
        super().__init__(Problem("port-taken", f"{LOOPBACK}:{port}", "the server listens on this port", got, write))


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports that nobody uses now. Another process may still take one before the server does.

    Raises:
        EnvironmentLack: all are in use (code ``ports-exhausted``).
    """
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        try:
            for each in sockets:
                each.bind((LOOPBACK, 0))
        except OSError as error:
            write = "End what holds them, or widen the range (sysctl net.ipv4.ip_local_port_range)"
            problem = Problem(
                "ports-exhausted", LOOPBACK, f"the server needs {count} free ports", str(error.strerror), write
            )
            raise EnvironmentLack(problem) from error
        return tuple(each.getsockname()[1] for each in sockets)


def is_taken(port: int) -> bool:
    """Whether somebody listens on ``port`` (a connection that is merely winding down does not count)."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def holder(port: int) -> str:
    """Who listens on ``port``, like ``tritonserver (process 4711)``; empty where it cannot be told."""
    inodes = _listeners(port)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(descriptor.readlink()) in inodes for descriptor in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _listeners(port: int) -> set[str]:
    """The sockets that listen on ``port``, as the links in ``/proc/<pid>/fd`` name them."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found
