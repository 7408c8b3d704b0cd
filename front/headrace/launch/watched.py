"""Which files a run depends on: the import closure of its dag, the project's settings, its input files. Runs no user code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headrace.door.files import located
from headrace_dags.plan.closure import Closures
from headrace_dags.project.discover import place


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched; absolute paths, links resolved.

    Attributes:
        files: single files; they need not be there.
        folders: of these every file counts.
    """

    files: frozenset[Path]
    folders: frozenset[Path] = frozenset()

    @property
    def places(self) -> frozenset[Path]:
        """The folders to look at. Files are watched through theirs: an editor puts a new file in the old one's place."""
        around = {file.parent for file in self.files} | self.folders
        return frozenset(folder for folder in around if folder.is_dir())

    def concerns(self, path: Path) -> bool:
        """Whether a change of ``path`` concerns the run."""
        return path in self.files or path.parent in self.folders

    def also(self, files: Iterable[Path]) -> Watched:
        """With more files."""
        return Watched(self.files.union(files), self.folders)


def watched(spec: str, pairs: Iterable[str]) -> Watched:
    """What a run of ``spec`` on the inputs ``pairs`` depends on.

    A file that does not parse imports nothing, as far as anybody can tell.

    Raises:
        BadInput: there is no such file or module.
    """
    root, module = place(spec)
    code = {path.resolve() for path in Closures(root).of(module).paths}
    named = [located(text[1:]) for _, _, text in (pair.partition("=") for pair in pairs) if _names_a_file(text)]
    folders = {path.resolve() for path in named if path.is_dir()}
    folders |= {path.parent.resolve() for path in named if set("*?[") & set(path.name)}
    inputs = {path.resolve() for path in named if not path.is_dir()}
    return Watched(frozenset(code | inputs | {(root / "pyproject.toml").resolve()}), frozenset(folders))


def _names_a_file(text: str) -> bool:
    return text.startswith("@") and not text.startswith("@@") and len(text) > 1
