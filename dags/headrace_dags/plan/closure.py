"""The import closure of a module: the files below the import root that it runs, and the packages outside that it leans on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace_dags.plan.imports import imported

_OURS = "headrace"


@dataclass(frozen=True, slots=True)
class Closure:
    """What a module leans on.

    Attributes:
        files: path below the import root, with ``/`` -> hex SHA-256.
        outside: top-level names of imported modules that are neither below the root, nor of the standard library, nor
            Headrace's own.
    """

    files: dict[str, str]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _File:
    """One source file: its digest and the names it imports."""

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
        self._found: dict[str, tuple[Path, ...]] = {}

    def of(self, module: str) -> Closure:
        """The closure of ``module``, a dotted name."""
        files: dict[str, str] = {}
        outside: set[str] = set()
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            paths = self._files(name)
            if not paths:
                outside.add(name.partition(".")[0])
            for path in paths:
                file = self._file(path)
                files[path.relative_to(self._root).as_posix()] = file.digest
                waiting.extend(file.names - seen)
        return Closure(files, frozenset(name for name in outside if _counts(name)))

    def _files(self, name: str) -> tuple[Path, ...]:
        if name not in self._found:
            self._found[name] = tuple(_files_of(name, self._root))
        return self._found[name]

    def _file(self, path: Path) -> _File:
        if path not in self._read:
            data = path.read_bytes()
            package = ".".join(path.relative_to(self._root).parent.parts)
            names = imported(data.decode("utf-8", "replace"), package)
            self._read[path] = _File(hashlib.sha256(data).hexdigest(), names)
        return self._read[path]


def _files_of(name: str, root: Path) -> Iterator[Path]:
    """The files that importing ``name`` runs: the packages on the way and the module, as far as they lie below the root."""
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
