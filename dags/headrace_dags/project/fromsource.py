"""Modules of a project are compiled from their source whenever they are imported.

Python takes bytecode for that of a source whose size and second of last change it has: after two quick edits, of another one.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType

_OURS = "headrace"
_INSTALLED = frozenset(("site-packages", "dist-packages"))


def from_source(root: Path) -> None:
    """Neither read nor write bytecode of modules below ``root``, as far as they are the project's own.

    It holds for what this process imports from now on, and for as long as it lives: steps import while they run.
    """
    hook = _Hook(root.resolve())
    if hook not in sys.path_hooks:
        sys.path_hooks.insert(0, hook)
        _forget(entry for entry in sys.path_importer_cache if hook.covers(Path(entry)))


def is_library(path: Path) -> bool:
    """Whether a path, links resolved, lies where Python or installed packages are."""
    if not _INSTALLED.isdisjoint(path.parts):
        return True
    folders = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    return any(path.is_relative_to(Path(folder).resolve()) for folder in folders)


@dataclass(frozen=True, slots=True)
class _Hook:
    """An entry of ``sys.path_hooks``.

    Attributes:
        root: of the project.
    """

    root: Path

    def __call__(self, entry: str) -> FileFinder:
        """The finder of a folder of the project; as the protocol wants it, an ``ImportError`` for any other."""
        if not self.covers(Path(entry)) or not Path(entry or ".").is_dir():
            raise ImportError(entry)
        return FileFinder(
            entry,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (_FromSource, SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )

    def covers(self, folder: Path) -> bool:
        """Whether a folder is one of the project."""
        path = folder.resolve()
        return path.is_relative_to(self.root) and not is_library(path)


class _FromSource(SourceFileLoader):
    """Loads a module without its bytecode; Headrace's own, where it is developed, as ever."""

    def get_code(self, fullname: str) -> CodeType | None:
        if fullname.partition(".")[0].partition("_")[0] == _OURS:
            return super().get_code(fullname)
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _forget(entries: Iterable[str]) -> None:
    for entry in list(entries):
        del sys.path_importer_cache[entry]
