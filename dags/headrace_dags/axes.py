"""Which axis each value lies on: the Many its items come from, followed through mapped nodes. Pure data about a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from headrace_dags.graph import Const, Graph, Node, Port, Use

MOST_INLINE = 256
"""The most items a mapped axis may have to be handled in the process that makes them."""


@dataclass(frozen=True)
class Axes:
    """The axes of a graph. An axis is named by the value it begins with: an output of a node that runs once, or an input
    of the dag. A node that maps over a constant begins an axis at that input.

    Attributes:
        graph: the graph.
    """

    graph: Graph

    @cached_property
    def ports(self) -> dict[Use, Port]:
        """The port of every value."""
        found = {Use(node="", port=port.name): port for port in self.graph.inputs}
        return found | {Use(node=node.name, port=port.name): port for node in self.graph.nodes for port in node.outputs}

    @cached_property
    def of_value(self) -> dict[Use, Use]:
        """The axis of each value that carries many items."""
        found: dict[Use, Use] = {use: use for use, port in self.ports.items() if port.many and not use.node}
        for node in self.graph.nodes:
            axis = _mapped_axis(node, found)
            for port in node.outputs:
                use = Use(node=node.name, port=port.name)
                if port.many:
                    found[use] = axis or use
        return found

    def of_node(self, node: Node) -> Use | None:
        """The axis whose items ``node`` is mapped over; of several in lockstep the first. ``None`` where it runs once."""
        return _mapped_axis(node, self.of_value)

    def most_items(self, axis: Use) -> int | None:
        """The most items the axis can have, as declared; ``None`` where nobody knows."""
        if not axis.node:
            return None
        node = self.graph.by_name[axis.node]
        constant = _mapped_constant(node)
        return len(constant) if constant is not None else node.step.max_items


def mapped_uses(node: Node) -> tuple[Use, ...]:
    """The values whose items ``node`` is mapped over, in lockstep; constants are not among them."""
    bound = {each.port.name: each.binding for each in node.inputs}
    return tuple(use for name in node.mapped if isinstance(use := bound.get(name), Use))


def whole_uses(node: Node) -> Iterator[Use]:
    """The values that ``node`` takes whole, constants left out."""
    return (each.binding for each in node.inputs if isinstance(each.binding, Use) and each.port.name not in node.mapped)


def _mapped_axis(node: Node, known: dict[Use, Use]) -> Use | None:
    if not node.mapped:
        return None
    found = (known[use] for use in mapped_uses(node) if use in known)
    return next(found, None) or Use(node=node.name, port=node.mapped[0])


def _mapped_constant(node: Node) -> list[object] | None:
    for each in node.inputs:
        if each.port.name in node.mapped and isinstance(each.binding, Const) and isinstance(each.binding.value, list):
            return list(each.binding.value)
    return None
