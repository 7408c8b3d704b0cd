"""What segment digests are made of beside the graph, kept in the plan: by it a later plan can name what changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from headrace_dags.record import Record


class Module(Record):
    """What one module runs, as keys of :class:`Ingredients`.

    Attributes:
        files: its import closure: paths below the import root, with ``/``.
        distributions: names of the installed distributions that those files import.
    """

    files: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()


class Ingredients(Record):
    """The code, models and versions that a plan was made of; what modules share is written down once.

    Attributes:
        modules: dotted name of each module that holds a step -> what it runs.
        files: path below the import root -> hex SHA-256.
        distributions: name -> version.
        models: path of a model file below the import root -> hex SHA-256.
        versions: what serves every segment: ``headrace``, ``server``, ``python`` -> version, empty where it is not
            installed; and who runs ONNX models.
    """

    modules: dict[str, Module] = {}
    files: dict[str, str] = {}
    distributions: dict[str, str] = {}
    models: dict[str, str] = {}
    versions: dict[str, str] = {}

    def files_of(self, modules: Iterable[str]) -> dict[str, str]:
        """The files that ``modules`` run, with their digests."""
        return {path: self.files[path] for each in self._of(modules) for path in each.files}

    def distributions_of(self, modules: Iterable[str]) -> dict[str, str]:
        """The distributions that ``modules`` lean on, with their versions."""
        return {name: self.distributions[name] for each in self._of(modules) for name in each.distributions}

    def _of(self, modules: Iterable[str]) -> Iterable[Module]:
        return (self.modules[name] for name in modules if name in self.modules)
