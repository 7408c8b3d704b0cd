"""A workplace that the server's stubs can read: their Python takes every path for ASCII, whatever the locale is.

Paths with other characters get links with plain names in a temporary folder, and failures are told with the real paths.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from headrace_serving.disk import writing
from headrace_serving.failure import TaskFailure
from headrace_serving.runtimes.contract import Workplace


@dataclass(frozen=True, slots=True)
class PlainPlace:
    """Where the server works.

    Attributes:
        seen: the workplace as the server and its stubs see it; all its paths are ASCII.
        temporary: the folder that holds the links; ``None`` where none are needed.
        real: what stands behind each link.
    """

    seen: Workplace
    temporary: Path | None = None
    real: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, workplace: Workplace, log: str) -> Self:
        """The workplace itself where its paths are plain; else one of links.

        Args:
            workplace: its scratch folder is made.
            log: name of the file that is to lie in ``workplace.scratch`` in any case.

        Raises:
            EnvironmentLack: a folder cannot be made.
        """
        folders = {name: getattr(workplace, name).absolute() for name in ("import_root", "objects", "scratch")}
        with writing(workplace.scratch, "the server's folder"):
            folders["scratch"].mkdir(parents=True, exist_ok=True)
            if all(str(folder.resolve()).isascii() for folder in folders.values()):
                return cls(workplace)
            temporary = Path(tempfile.mkdtemp(prefix="headrace-"))
            links = {name: temporary / name for name in folders}
            folders["objects"].mkdir(parents=True, exist_ok=True)  # nobody can make a folder behind a link to nothing
            for name in ("import_root", "objects"):
                links[name].symlink_to(folders[name])
            links["scratch"].mkdir()  # not a link: the server resolves the path of its repository
            (links["scratch"] / log).symlink_to(folders["scratch"] / log)
        real = {str(links[name]): str(folders[name]) for name in folders}
        return cls(Workplace.model_validate(links), temporary, real)

    def told(self, failure: TaskFailure) -> TaskFailure:
        """The failure with the real paths."""
        return failure.retold(self._real) if self.real else failure

    def remove(self, *names: str) -> None:
        """Remove what was made under these names in the scratch folder, and all links."""
        for path in (self.temporary, *(self.seen.scratch / name for name in names)):
            if path:
                shutil.rmtree(path, ignore_errors=True)

    def _real(self, text: str) -> str:
        for link, path in self.real.items():
            text = text.replace(link, path)
        return text
