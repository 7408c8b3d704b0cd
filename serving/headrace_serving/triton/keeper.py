"""The process that keeps a server on a leash: starts it, and ends it and all it started when its driver is gone.

Run as a script on the standard library alone (``python -I -S keeper.py DRIVER_PID REGION_PREFIX COMMAND...``): only a
process of its own outlives ``kill -9`` of the driver and can then end stubs and remove shared memory. What belongs to
Triton (ports, models, readiness) does not live here.

It reads single letters on standard input (:data:`TERMINATE`, :data:`KILL`; end of file means :data:`KILL`) and writes
``pid <pid>`` and ``exit <code>`` lines on standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TERMINATE = b"T"
"""Ask the server to stop; once none of its children lives it is killed, for it would idle a second or two more."""

KILL = b"K"
"""Kill server and children at once."""

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # the system's folder of shared memory regions
_PARENT_FIELD, _SESSION_FIELD = 1, 3  # of /proc/<pid>/stat, counted from the state
_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_LOOK_MS = 20
_SWEEP_LIMIT_S = 5.0


def children(parent: int) -> Iterator[int]:
    """The processes whose parent is ``parent``, those that have ended but were not waited for left out."""
    return _living(_PARENT_FIELD, parent)


def session(leader: int) -> Iterator[int]:
    """The processes of the session that ``leader`` began, even when it has ended."""
    return _living(_SESSION_FIELD, leader)


def _living(field: int, value: int) -> Iterator[int]:
    for entry in os.listdir("/proc"):  # noqa: PTH208  # looked through often
        if entry.isdigit():
            fields = process_fields(int(entry))
            if fields and fields[field] == str(value) and fields[0] != "Z":
                yield int(entry)


def process_fields(pid: int) -> list[str]:
    """The fields of ``/proc/<pid>/stat`` from the state (the third) on; empty where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123  # read for every process
            return stat.read().rpartition(")")[2].split()
    except OSError:
        return []


def remove_regions(prefix: str) -> None:
    """Remove the shared memory regions whose names begin with ``prefix``."""
    for region in SHARED_MEMORY.glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


def main(arguments: list[str]) -> None:
    """Start the server and stay until it has ended, or the driver has, or an order says so."""
    driver, prefix, *command = arguments
    libc = ctypes.CDLL(None)
    # Orphans of the server (stubs, and what steps started) become our children, so that we find and end them.
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    alarm = _child_alarm()
    leash = os.pidfd_open(int(driver))
    if os.getppid() != int(driver):
        return
    server = _start(command, libc)
    _say(f"pid {server}")
    code = _watch(server, leash, alarm)
    if code is not None:
        _say(f"exit {code}")
    _sweep(server if code is None else None)
    remove_regions(prefix)


def _child_alarm() -> int:
    """A descriptor that becomes readable when a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # The driver's end is our only end: a signal sent to every process of a job wakes us, no more.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: None)
    return reader


def _start(command: list[str], libc: ctypes.CDLL) -> int:
    """Fork the server, which dies with us even when we are killed."""
    keeper = os.getpid()
    server = os.fork()
    if server:
        return server
    try:
        libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == keeper:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            os.execv(command[0], command)  # noqa: S606  # the very purpose
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def _watch(server: int, leash: int, alarm: int) -> int | None:
    """The exit code of the server (a negative number is a signal), or ``None`` where it has to be ended."""
    poll = select.poll()
    for descriptor in (0, leash, alarm):
        poll.register(descriptor, select.POLLIN)
    terminating = False
    while True:
        for descriptor, _ in poll.poll(_LOOK_MS if terminating else None):
            if descriptor == alarm:
                os.read(alarm, 4096)
            elif descriptor == 0 and os.read(0, 1) == TERMINATE:
                os.kill(server, signal.SIGTERM)
                terminating = True
            else:
                return None
        code = _reap(server)
        if code is not None:
            return code
        if terminating and not any(children(server)):
            return None


def _reap(server: int) -> int | None:
    """Wait for every child that has ended; the exit code of the server where it is among them."""
    code = None
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return code
            if pid == server:
                code = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return code


def _sweep(server: int | None) -> None:
    """Kill the server and whatever it leaves behind, generation by generation, until we have no child."""
    limit = time.monotonic() + _SWEEP_LIMIT_S
    doomed = [server] if server else list(children(os.getpid()))
    while time.monotonic() < limit:
        for pid in doomed:
            # What a step started as another user must not keep the rest alive.
            with contextlib.suppress(PermissionError):
                os.kill(pid, signal.SIGKILL)
        _reap(0)
        if not _has_children():
            return
        time.sleep(0.005)
        doomed = list(children(os.getpid()))


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _say(line: str) -> None:
    try:
        os.write(1, f"{line}\n".encode())
    except BrokenPipeError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
