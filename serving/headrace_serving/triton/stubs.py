"""The stub processes of a server: which there are, whose they are, and when one dies. Does not repair."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headrace_serving.triton.keeper import SHARED_MEMORY, children, process_fields
from headrace_serving.triton.process import ending

STUB_NAME = "triton_python_backend_stub"
_EXIT_CODE_FIELD = 49  # the last field of /proc/<pid>/stat, counted from the state


@dataclass(frozen=True, slots=True)
class Stub:
    """One process that runs one instance of a Python model.

    Attributes:
        pid: process id.
        model: the model it serves.
        region: name of its shared memory region.
    """

    pid: int
    model: str
    region: str


def stubs_of(server: int) -> tuple[Stub, ...]:
    """The living stubs of the server with this process id."""
    found = (_stub(pid) for pid in children(server))
    return tuple(stub for stub in found if stub)


def _stub(pid: int) -> Stub | None:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    if len(arguments) < 3 or Path(arguments[0]).name != STUB_NAME:
        return None
    # <repository>/<model>/<version>/model.py: the folder is the model's name, by Triton's own rule.
    return Stub(pid, Path(arguments[1]).parent.parent.name, arguments[2])


class StubWatch:
    """Tells at once (through pid descriptors, without polling) when a stub of one server dies."""

    def __init__(self, server: int, on_death: Callable[[Stub, str], None]) -> None:
        self._server = server
        self._on_death = on_death
        self._watched: dict[Stub, int] = {}
        self._retired: set[Stub] = set()

    def adopt(self) -> None:
        """Watch the stubs that came since the last call; those of a retired model stay out."""
        living = set(stubs_of(self._server))
        self._retired &= living  # a process id comes back one day, as another stub
        for stub in living - self._retired - self._watched.keys():
            self._watch(stub)

    def count(self) -> Mapping[str, int]:
        """How many living stubs of each model are watched."""
        return Counter(stub.model for stub in self._watched)

    def retire(self, model: str) -> None:
        """Forget the stubs of ``model``: after an unload they live a second more, and their end is not a crash."""
        for stub in [stub for stub in self._watched if stub.model == model]:
            self._unwatch(stub)
            self._retired.add(stub)

    def kill(self, model: str) -> None:
        """Kill the stubs of ``model``; their deaths are reported. Also ends one that hangs or was stopped.

        A stopped stub is never continued: Triton aborts as a whole when a stub that it gave up comes back.
        """
        for stub, descriptor in self._watched.items():
            if stub.model == model:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)

    def end(self) -> None:
        """Watch none any more."""
        for stub in list(self._watched):
            self._unwatch(stub)

    def _watch(self, stub: Stub) -> None:
        try:
            descriptor = os.pidfd_open(stub.pid)
        except ProcessLookupError:
            return
        if _stub(stub.pid) != stub:  # it ended a moment ago, and the descriptor may be that of a stranger
            os.close(descriptor)
            return
        self._watched[stub] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._died, stub)

    def _unwatch(self, stub: Stub) -> None:
        descriptor = self._watched.pop(stub)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)

    def _died(self, stub: Stub) -> None:
        how = _how(stub.pid)
        self._unwatch(stub)
        # Triton keeps the region of a stub that crashed for as long as it runs.
        with suppress(FileNotFoundError):
            (SHARED_MEMORY / stub.region).unlink()
        self._on_death(stub, how)


def _how(pid: int) -> str:
    """How a process ended, from what the kernel keeps until Triton waits for it."""
    fields = process_fields(pid)
    if len(fields) <= _EXIT_CODE_FIELD:
        return "ended"
    return ending(os.waitstatus_to_exitcode(int(fields[_EXIT_CODE_FIELD])))
