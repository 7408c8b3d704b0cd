"""The secrets of one dag: who uses each, and who gives it. Never what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listed:
    """One secret.

    Attributes:
        name: its name.
        used_by: ``node.attribute`` of every use.
        origin: ``environment`` or the path of ``.env``; empty where nobody gives it.
    """

    name: str
    used_by: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """All secrets of a dag.

    Attributes:
        dag: its name.
        root: the import root.
        listed: by name.
    """

    dag: str
    root: Path
    listed: tuple[Listed, ...]


def secrets_of(spec: str) -> Secrets:
    """The secrets of the dag that ``spec`` names.

    Raises:
        BadInput: there is no such file or dag.
        DefinitionError: the dag is declared wrongly.
        EnvironmentLack: ``.env`` cannot be read.
    """
    from headrace.cli.opening import open_dag
    from headrace_dags.secrets.environment import Environment
    from headrace_dags.secrets.naming import named

    found = open_dag(spec)
    environment = Environment.at(found.import_root)
    uses: dict[str, list[str]] = {}
    for each in named(found.dag.graph.nodes):
        uses.setdefault(each.name, []).append(f"{each.node}.{each.attribute}")
    listed = (Listed(name, tuple(users), environment.origin(name)) for name, users in sorted(uses.items()))
    return Secrets(found.dag.graph.name, found.import_root, tuple(listed))
