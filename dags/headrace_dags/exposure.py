"""What fails where a node fails: outputs of the dag, and choices that a join goes on without. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from headrace_dags.graph import Node, Use

Exposure: TypeAlias = frozenset[tuple[str, str]]
"""The outputs of the dag (as :data:`OUTPUT`) and the choices of joins (by join and port) that are lost with a value."""

OUTPUT = ("", "output")


def exposures(nodes: Iterable[Node], outputs: Iterable[Use]) -> dict[str, Exposure]:
    """The exposure of every node.

    Args:
        nodes: of one graph, each after those that feed it.
        outputs: of the dag; a run without one of them fails, so they all count as one.
    """
    nodes = tuple(nodes)
    lost: dict[str, set[tuple[str, str]]] = {node.name: set() for node in nodes}
    for use in outputs:
        if use.node:
            lost[use.node].add(OUTPUT)
    for node in reversed(nodes):
        absorbs = node.join is not None and not node.join.decides
        for each in node.inputs:
            if isinstance(each.binding, Use) and each.binding.node:
                lost[each.binding.node] |= {(node.name, each.port.name)} if absorbs else lost[node.name]
    return {name: frozenset(found) for name, found in lost.items()}
