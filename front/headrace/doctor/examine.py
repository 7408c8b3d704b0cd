"""The examination: one finding a thing. Reads the machine, changes nothing, imports nothing heavy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from headrace.doctor.finding import Finding, Standing
from headrace.doctor.runtimes import runtimes
from headrace.terminal import size

_LEAST_DISK_BYTES = 1 << 30
_CORE = ("click", "numpy", "pillow", "pydantic", "rich")
_EXTRAS = {
    "onnx": ("onnxruntime", "steps that are ONNX models"),
    "remote": ("httpcore2", "steps that are remote endpoints"),
}


def examine(state: Path) -> tuple[Finding, ...]:
    """Everything there is to say about running Headrace here; ``state`` is where runs would lie."""
    return (*_python(), *_machine(state), *runtimes(), *_extras())


def examine_secrets(spec: str) -> Iterator[Finding]:
    """Whether each secret of the dag that ``spec`` names has a value.

    Raises:
        BadInput, DefinitionError: there is no such dag, or it is declared wrongly.
        EnvironmentLack: ``.env`` cannot be read.
    """
    from headrace.doctor.secrets import secrets_of

    secrets = secrets_of(spec)
    for each in secrets.listed:
        fix = "" if each.origin else f"Write a line {each.name}=... into {secrets.root / '.env'}, or export {each.name}"
        detail = f"from {each.origin}" if each.origin else "no value"
        needed = f"a value for {', '.join(each.used_by)}"
        yield Finding("secrets", each.name, "ok" if each.origin else "missing", detail, needed, fix)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    enough = sys.version_info[:2] >= (3, 11)
    fix = "" if enough else "Make the environment with Python 3.11 or newer"
    yield Finding("python", "python", "ok" if enough else "missing", f"{version} in {sys.prefix}", "3.11 or newer", fix)
    yield _first_python3()
    yield Finding("python", "headrace", "ok", _version("headrace") or "from its sources")
    for name in _CORE:
        version = _version(name)
        lack = "" if version else f"pip install --force-reinstall headrace (into {sys.prefix})"
        yield Finding("python", name, "ok" if version else "missing", version or "not installed", "", lack)


def _first_python3() -> Finding:
    """A shell that finds another python3 first surprises whoever starts things by hand; runs do not depend on it."""
    found = shutil.which("python3") or ""
    same = bool(found) and Path(found).absolute().parent == Path(sys.prefix, "bin")
    fix = "" if same else f"source {sys.prefix}/bin/activate"
    standing: Standing = "ok" if same else "optional"
    return Finding("python", "python3 on PATH", standing, found or "none", "this environment's, in shells", fix)


def _machine(state: Path) -> Iterator[Finding]:
    yield Finding("machine", "system", "ok", f"{platform.system()} {platform.release()} on {platform.machine()}")
    yield Finding("machine", "processors", "ok", str(os.cpu_count()))
    folder = next(path for path in (state, *state.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    enough = free >= _LEAST_DISK_BYTES and writable
    detail = f"{size(free)} free for {state}" if writable else f"{folder} cannot be written"
    fix = "" if enough else "Free some space (headrace clean), or set HEADRACE_STATE to a folder elsewhere"
    yield Finding("machine", "disk", "ok" if enough else "missing", detail, f"{size(_LEAST_DISK_BYTES)} for runs", fix)


def _extras() -> Iterator[Finding]:
    for extra, (distribution, use) in _EXTRAS.items():
        version = _version(distribution)
        fix = "" if version else f"pip install 'headrace[{extra}]'"
        yield Finding("extras", distribution, "ok" if version else "optional", version or "not installed", use, fix)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
