"""Whether Triton can run here: one finding per thing it needs, for ``headrace doctor`` and before each start. Pure but for :func:`locate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_serving.triton.host import DISTRIBUTION, Host, identity
from headrace_serving.triton.shm import size
from headrace_serving.triton.stubs import STUB_NAME

INSTALL = "pip install 'headrace[triton]'"
OTHERWISE = "or use the runtime inprocess"
MACHINES = ("x86_64", "aarch64")
LEAST_GLIBC = (2, 35)
"""What the server's wheel is built for."""

_ELSEWHERE = {
    "Darwin": f"Use the runtime container, which runs the same server in Docker or Podman, {OTHERWISE}",
    "Windows": f"Work inside WSL2 (wsl --install), which is Linux, {OTHERWISE}",
}
_LEAST_SHARED_MEMORY = 32 << 20


@dataclass(frozen=True, slots=True)
class TritonFinding:
    """One thing that Triton needs.

    Attributes:
        name: what it is, e.g. ``glibc``.
        ok: whether it is there.
        detail: what was found.
        needed: what is needed, as a clause.
        fix: what to do where it is not ok, as an imperative sentence without its full stop; else empty.
    """

    name: str
    ok: bool
    detail: str
    needed: str
    fix: str


@dataclass(frozen=True, slots=True)
class Installation:
    """The parts of the server.

    Attributes:
        server: the binary.
        libraries: folders of the shared libraries that it and its stubs load.
        backend: folder of the python backend.
        stub: the stub for the running Python.
        programs: folder whose ``python3`` is the running environment; comes first on the server's PATH.
    """

    server: Path
    libraries: tuple[Path, ...]
    backend: Path
    stub: Path
    programs: Path


def locate(host: Host | None = None) -> Installation:
    """Find the server of the wheel.

    Raises:
        EnvironmentLack: with one problem (code ``triton-<name>``) for each finding that is not ok.
    """
    host = host or Host.current()
    lacks = [finding for finding in findings(host) if not finding.ok]
    if lacks or not host.wheel or not host.libpython:
        raise EnvironmentLack(_problem(finding) for finding in lacks)
    tree = host.wheel / "tritonserver"
    return Installation(
        server=tree / "bin" / "tritonserver",
        libraries=(host.wheel.parent / "nvidia_pytriton.libs", host.libpython.parent),
        backend=tree / "backends" / "python",
        stub=_stub(host),
        programs=host.prefix / "bin",
    )


def findings(host: Host) -> tuple[TritonFinding, ...]:
    """Everything that Triton needs of ``host``, in the order in which a person would mend it; of another system nothing more."""
    checks = _CHECKS if host.system == "Linux" else (_platform,)
    return tuple(finding for check in checks for finding in check(host))


def _problem(finding: TritonFinding) -> Problem:
    return Problem(f"triton-{finding.name}", "runtime triton", f"needs {finding.needed}", finding.detail, finding.fix)


def _platform(host: Host) -> Iterator[TritonFinding]:
    ok = host.system == "Linux" and host.machine in MACHINES
    needed = f"Linux on {' or '.join(MACHINES)}"
    fix = _ELSEWHERE.get(host.system, f"Run it on a machine with {' or '.join(MACHINES)}, {OTHERWISE}")
    yield _finding("platform", ok, f"{host.system} on {host.machine}", needed, fix)


def _glibc(host: Host) -> Iterator[TritonFinding]:
    least = ".".join(map(str, LEAST_GLIBC))
    ok = host.glibc is not None and host.glibc >= LEAST_GLIBC
    detail = f"glibc {host.glibc[0]}.{host.glibc[1]}" if host.glibc else "another C library"
    fix = f"Use a newer system (Debian 12, Ubuntu 22.04, RHEL 10), {OTHERWISE}"
    yield _finding("glibc", ok, detail, f"glibc {least} or newer", fix)


def _kernel(host: Host) -> Iterator[TritonFinding]:
    detail = "process descriptors" if host.process_descriptors else "a kernel without them"
    needed = "process descriptors, to see a model's process die"
    yield _finding("kernel", host.process_descriptors, detail, needed, f"Use Linux 5.3 or newer, {OTHERWISE}")


def _wheel(host: Host) -> Iterator[TritonFinding]:
    needed = f"the package {DISTRIBUTION}, which holds the server"
    detail = f"{DISTRIBUTION} {host.wheel_version} in {host.wheel}" if host.wheel else "none installed"
    whole = host.wheel is not None and (host.wheel / "tritonserver" / "bin" / "tritonserver").exists()
    if host.wheel and not whole:
        detail = f"{host.wheel} without tritonserver/bin/tritonserver"
    yield _finding("server", whole, detail, needed, _install(host))


def _client(host: Host) -> Iterator[TritonFinding]:
    detail = "installed" if host.client else "not installed"
    yield _finding("client", host.client, detail, "the package tritonclient[grpc]", _install(host))


def _python(host: Host) -> Iterator[TritonFinding]:
    if not host.wheel:
        return
    versions = sorted(
        (path.name for path in (host.wheel / "tritonserver" / "python_backend_stubs").glob("3.*")), key=_minor
    )
    needed = f"a Python that the server has a stub for ({', '.join(versions) or 'none found'})"
    detail = f"Python {host.python[0]}.{host.python[1]}"
    yield _finding(
        "python", _stub(host).exists(), detail, needed, f"Make the environment with one of those, {OTHERWISE}"
    )


def _libpython(host: Host) -> Iterator[TritonFinding]:
    version = f"{host.python[0]}.{host.python[1]}"
    needed = f"the shared library libpython{version}.so.1.0"
    fix = f"Install it (Debian: apt-get install libpython{version}), or use a Python built with --enable-shared"
    yield _finding("libpython", host.libpython is not None, str(host.libpython or "none found"), needed, fix)


def _python3(host: Host) -> Iterator[TritonFinding]:
    wanted, program = identity(host.python, host.prefix), host.prefix / "bin" / "python3"
    needed = f"{program} to be the running environment (stubs find their packages through it)"
    detail = f"Python {host.python3}" if host.python3 else "no such program"
    fix = f"Make a virtual environment with Python {host.python[0]}.{host.python[1]} and run headrace from it"
    yield _finding("python3", host.python3 == wanted, detail, needed, fix)


def _shared_memory(host: Host) -> Iterator[TritonFinding]:
    ok = host.shared_memory_bytes >= _LEAST_SHARED_MEMORY
    needed = f"{size(_LEAST_SHARED_MEMORY)} free in /dev/shm"
    fix = "Free some of it or make it larger (in a container: --shm-size=1g)"
    yield _finding("shared-memory", ok, f"{size(host.shared_memory_bytes)} free", needed, fix)


def _finding(name: str, ok: bool, detail: str, needed: str, fix: str) -> TritonFinding:
    return TritonFinding(name, ok, detail, needed, "" if ok else fix)


def _install(host: Host) -> str:
    return f"{INSTALL} (into {host.prefix})"


def _stub(host: Host) -> Path:
    version = f"{host.python[0]}.{host.python[1]}"
    return (host.wheel or Path()) / "tritonserver" / "python_backend_stubs" / version / STUB_NAME


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


_CHECKS: tuple[Callable[[Host], Iterator[TritonFinding]], ...] = (
    _platform,
    _glibc,
    _kernel,
    _wheel,
    _client,
    _python,
    _libpython,
    _python3,
    _shared_memory,
)
