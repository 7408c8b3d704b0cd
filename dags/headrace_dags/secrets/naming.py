"""Which secrets the nodes of a graph name, and whether all of them have a value. Shows no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.graph import Graph, Node
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.redact import Redactor


@dataclass(frozen=True, slots=True)
class Named:
    """A secret where it is used.

    Attributes:
        node: which node.
        attribute: its attribute, or ``headers.NAME`` of a remote step.
        name: the secret's.
    """

    node: str
    attribute: str
    name: str


def named(nodes: Iterable[Node]) -> Iterator[Named]:
    """The secrets that ``nodes`` use, in their order."""
    for node in nodes:
        yield from (Named(node.name, attribute, ref.secret) for attribute, ref in node.step.secrets.items())


def require(graph: Graph, environment: Environment) -> Redactor:
    """See that every secret of a graph has a value.

    Returns:
        What blacks the values out of texts.

    Raises:
        EnvironmentLack: with every one that has none (code ``secret-missing``).
    """
    uses = tuple(named(graph.nodes))
    if lacks := [_problem(each, graph, environment) for each in uses if not environment.find(each.name)]:
        raise EnvironmentLack(lacks)
    return redactor(uses, environment)


def redactor(uses: Iterable[Named], environment: Environment) -> Redactor:
    """What blacks the values of the secrets ``uses`` out of texts, as far as they have values."""
    return Redactor.of(environment.find(name) for name in {each.name for each in uses})


def _problem(use: Named, graph: Graph, environment: Environment) -> Problem:
    where, name = f"{use.node}.{use.attribute}", use.name
    got, write = environment.got(name), environment.advice(name)
    return Problem("secret-missing", where, environment.expected(name), got, write, graph.sources.get(use.node))
