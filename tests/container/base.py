"""A base image made from this machine's own files, without any registry: Python, the libraries it and Triton load, a shell.

It stands for ``python:3.X-slim``. Wheels lie in it, and its pip knows nothing but them, so that building on it needs no network.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from headrace_serving.container.packages import OWN, SERVER, locked
from headrace_serving.triton.probe import locate

SHOUTY = "shouty-1.0-py3-none-any.whl"
"""A package that only the base's pip can find: what the test's project requires."""

_PIP = "[global]\nno-index = true\nfind-links = /wheels\ndisable-pip-version-check = true\n"
_LEFT_OUT = {"test", "idlelib", "tkinter", "turtledemo", "lib2to3", "__pycache__", "site-packages"}
_CHANGES = ("ENV PATH=/usr/local/bin:/usr/bin:/bin", "ENV LD_LIBRARY_PATH=/usr/local/lib", 'CMD ["python3"]')
_TOOLS = ("sh", "bash", "mkdir", "cat", "id", "sleep")


def make(program: str, name: str, wheels: Path, folder: Path) -> None:
    """Make the image ``name`` with ``program`` from ``wheels``; the archive is written into ``folder``."""
    archive = folder / "base.tar"
    with tarfile.open(archive, "w", dereference=True) as tar:
        for source, target in _files(wheels):
            tar.add(source, target, recursive=False)
        for path, text in {
            "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
            "etc/group": "root:x:0:\n",
            "etc/pip.conf": _PIP,
        }.items():
            _add(tar, path, text.encode())
        _add(tar, f"wheels/{SHOUTY}", shouty())
        for path in ("tmp", "root"):
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
    changes = [argument for change in _CHANGES for argument in ("--change", change)]
    subprocess.run([program, "import", *changes, archive, name], check=True, capture_output=True)
    archive.unlink()


def download(folder: Path) -> Path:
    """The wheels that the image installs, from pip's index; they are kept, and fetched once for a lock."""
    files = locked()
    done = folder / hashlib.sha256("".join(files.values()).encode()).hexdigest()[:16]
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", folder]
        locks = ["--require-hashes", "--no-deps", "-r", folder / SERVER, "-r", folder / OWN]
        subprocess.run([*command, "--only-binary", ":all:", *locks], check=True)
        done.touch()
    return folder


def _files(wheels: Path) -> Iterator[tuple[Path, str]]:
    python = list(_python())
    yield from ((path, f"usr/local/{path.relative_to(sys.base_prefix)}") for path in python)
    version = f"python3.{sys.version_info[1]}"
    yield Path(sys.base_prefix, "bin", version), "usr/local/bin/python3"
    tools = [Path(found) for name in _TOOLS if (found := shutil.which(name))]
    yield from ((tool, f"usr/bin/{tool.name}") for tool in tools)
    yield next(tool for tool in tools if tool.name == "sh"), "bin/sh"
    programs = [path for path in python if ".so" in path.name or path.parent.name == "bin"]
    yield from ((library, str(library).lstrip("/")) for library in sorted(_libraries([*programs, *tools, *_server()])))
    yield from ((wheel, f"wheels/{wheel.name}") for wheel in wheels.glob("*.whl"))


def _python() -> Iterator[Path]:
    prefix, version = Path(sys.base_prefix), f"python3.{sys.version_info[1]}"
    yield prefix / "bin" / version
    yield from (prefix / "lib").glob("libpython3*")
    for folder, names, files in os.walk(prefix / "lib" / version):
        names[:] = [name for name in names if name not in _LEFT_OUT]
        yield from (Path(folder, name) for name in files)
    installed = Path(sysconfig.get_path("purelib", vars={"base": sys.base_prefix}))
    for folder, _, files in os.walk(installed / "pip"):
        yield from (Path(folder, name) for name in files)


def _server() -> list[Path]:
    parts = locate()
    return [parts.server, parts.stub, *parts.backend.glob("*.so"), *parts.libraries[0].glob("*.so*")]


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """The system's libraries that programs load; those of the wheel and of Python come with them."""
    parts = locate()
    own = (str(parts.libraries[0]), sys.base_prefix)
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, parts.libraries))}
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False, env=environment).stdout
    found = re.findall(r"(?:=> )?(/\S+) \(0x", told)
    return {Path(path) for path in found if not path.startswith(own) and "nvidia_pytriton" not in path}


def shouty() -> bytes:
    files = {
        "shouty.py": "def shout(text):\n    return text.upper() + '!'\n",
        "shouty-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shouty\nVersion: 1.0\n",
        "shouty-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "shouty-1.0.dist-info/RECORD": "shouty.py,,\nshouty-1.0.dist-info/METADATA,,\nshouty-1.0.dist-info/WHEEL,,\n",
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return data.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o644
    tar.addfile(entry, io.BytesIO(data))
