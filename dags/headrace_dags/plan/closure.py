"""The import closure of a module: the files that it runs, and the installed packages that it leans on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.plan.homes import homes
from headrace_dags.plan.imports import imported

_OURS = "headrace"


@dataclass(frozen=True, slots=True)
class Closure:
    """What a module leans on.

    Attributes:
        files: path below the import root, with ``/`` -> hex SHA-256; of code beside it (``src`` on the path, a project that is
            installed to be edited) the path below the folder that it is imported from.
        paths: where these files are.
        outside: top-level names of imported modules that are neither below the root, nor of the standard library, nor
            Headrace's own.
    """

    files: dict[str, str]
    paths: frozenset[Path]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _File:
    """One source file: its path below the folder that it is imported from, its digest and the names it imports."""

    name: str
    digest: str
    names: frozenset[str]


class Closures:
    """Import closures below one root; every file is read once.

    Args:
        root: the import root.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[Path, _File] = {}
        self._found: dict[tuple[Path, str], tuple[Path, ...]] = {}
        self._homes: dict[str, tuple[Path, ...]] = {}

    def of(self, module: str) -> Closure:
        """The closure of ``module``, a dotted name."""
        files: dict[Path, _File] = {}
        outside: set[str] = set()
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self._below(self._root, name)
            if not found:
                outside.add(top := name.partition(".")[0])
                found = {path: file for home in self._homes_of(top) for path, file in self._below(home, name).items()}
            files |= found
            waiting.extend(imports for file in found.values() for imports in file.names - seen)
        digests = {file.name: file.digest for file in files.values()}
        return Closure(digests, frozenset(files), frozenset(name for name in outside if _counts(name)))

    def _homes_of(self, top: str) -> tuple[Path, ...]:
        if top not in self._homes:
            self._homes[top] = homes(top) if _counts(top) else ()
        return self._homes[top]

    def _below(self, home: Path, name: str) -> dict[Path, _File]:
        if (home, name) not in self._found:
            self._found[home, name] = tuple(_files_of(name, home))
        return {path: self._file(path, home) for path in self._found[home, name]}

    def _file(self, path: Path, home: Path) -> _File:
        if path not in self._read:
            data, place = path.read_bytes(), path.relative_to(home)
            names = imported(data.decode("utf-8", "replace"), ".".join(place.parent.parts))
            self._read[path] = _File(place.as_posix(), hashlib.sha256(data).hexdigest(), names)
        return self._read[path]


def _files_of(name: str, root: Path) -> Iterator[Path]:
    """The files that importing ``name`` from ``root`` runs: the packages on the way and the module, as far as they are there."""
    place = root
    for part in name.split("."):
        place = place / part
        if (package := place / "__init__.py").is_file():
            yield package
        elif (module := place.with_name(f"{part}.py")).is_file():
            yield module
            return
        elif not place.is_dir():
            return


def _counts(name: str) -> bool:
    return name not in sys.stdlib_module_names and name != _OURS and not name.startswith(f"{_OURS}_")
