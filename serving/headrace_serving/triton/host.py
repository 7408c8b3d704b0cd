"""What this machine and this environment offer to Triton, as data. Looks, judges nothing, imports nothing heavy."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Self

from headrace_serving.triton.shm import free_bytes

DISTRIBUTION = "nvidia-pytriton"


@dataclass(frozen=True, slots=True)
class Host:
    """The facts that decide whether Triton can run here.

    Attributes:
        system: name of the operating system, e.g. ``Linux``.
        machine: processor architecture, e.g. ``x86_64``.
        glibc: version of the C library; ``None`` where it is another library.
        process_descriptors: whether the kernel can tell of the end of any process (Linux 5.3).
        python: version of the running Python.
        prefix: folder of the running environment.
        python3: version and prefix that ``<prefix>/bin/python3`` reports, e.g. ``3.11 /venv``; ``None`` where it is missing.
        libpython: the shared library of the running Python.
        wheel: folder of the package ``pytriton``, where it is installed.
        wheel_version: its version.
        client: whether tritonclient and grpc are installed.
        shared_memory_bytes: what is free of shared memory.
    """

    system: str
    machine: str
    glibc: tuple[int, int] | None
    process_descriptors: bool
    python: tuple[int, int]
    prefix: Path
    python3: str | None
    libpython: Path | None
    wheel: Path | None
    wheel_version: str
    client: bool
    shared_memory_bytes: int

    @classmethod
    def current(cls) -> Self:
        """Look at the running process and its machine; about a millisecond."""
        wheel, version = _wheel()
        return cls(
            system=platform.system(),
            machine=platform.machine(),
            glibc=_glibc(),
            process_descriptors=_process_descriptors(),
            python=sys.version_info[:2],
            prefix=Path(sys.prefix),
            python3=_python3(Path(sys.prefix) / "bin" / "python3"),
            libpython=_libpython(),
            wheel=wheel,
            wheel_version=version,
            client=bool(util.find_spec("tritonclient") and util.find_spec("grpc")),
            shared_memory_bytes=free_bytes(),
        )


def identity(python: tuple[int, int], prefix: Path) -> str:
    """How a Python environment is told from another."""
    return f"{python[0]}.{python[1]} {prefix}"


def _wheel() -> tuple[Path | None, str]:
    """Where the wheel is, without importing it: its import starts loggers and loads a server's worth of modules."""
    spec = util.find_spec("pytriton")
    if spec is None or not spec.submodule_search_locations:
        return None, ""
    with suppress(metadata.PackageNotFoundError):
        return Path(spec.submodule_search_locations[0]), metadata.version(DISTRIBUTION)
    return Path(spec.submodule_search_locations[0]), ""


def _glibc() -> tuple[int, int] | None:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (AttributeError, ValueError, OSError):
        return None
    major, _, minor = version.partition(".")
    return (int(major), int(minor.partition(".")[0])) if name == "glibc" else None


def _process_descriptors() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _python3(program: Path) -> str | None:
    if not program.exists():
        return None
    if program.resolve() == Path(sys.executable).resolve():
        return identity(sys.version_info[:2], Path(sys.prefix))
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix)"
    try:
        answer = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        return f"that does not run ({error})"
    return answer.stdout.strip() or "that does not run"


def _libpython() -> Path | None:
    """The library that stubs load; ``LIBDIR`` is wrong in Pythons that were moved after their build."""
    name = f"libpython{sys.version_info[0]}.{sys.version_info[1]}.so.1.0"
    own = (sysconfig.get_config_var("LIBDIR"), Path(sys.base_prefix) / "lib", Path(sys.base_prefix) / "lib64")
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    system = (Path("/usr/lib") / multiarch, Path("/lib") / multiarch, Path("/usr/lib64"), Path("/usr/lib"))
    candidates = (Path(folder) / name for folder in (*own, *system) if folder)
    return next((candidate for candidate in candidates if candidate.exists()), None)
