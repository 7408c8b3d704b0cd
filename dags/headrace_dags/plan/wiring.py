"""The wiring of a graph as the planner walks it: nodes by number, and for each the links from the nodes that feed it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from headrace_dags.axes import Axes, mapped_uses, whole_uses
from headrace_dags.exposure import Exposure, exposures
from headrace_dags.gates import Gates
from headrace_dags.graph import Graph, Node, Use
from headrace_dags.plan.cuts import Edge, Place


@dataclass(frozen=True, slots=True)
class Link:
    """A value that a node takes from another.

    Attributes:
        producer: number of the node that gives it.
        use: the value.
        mapped: whether the taker maps over its items.
        axis: the axis it lies on, if it carries many items.
        most: the most items of that axis, where declared.
    """

    producer: int
    use: Use
    mapped: bool
    axis: Use | None
    most: int | None

    def edge(self, producer: Place, consumer: Place) -> Edge:
        """The link as cut rules see it."""
        return Edge(producer, consumer, self.use, self.mapped, self.most, self.axis)


@dataclass(frozen=True)
class Wiring:
    """A graph with its axes and links.

    Attributes:
        graph: the graph.
    """

    graph: Graph

    @cached_property
    def axes(self) -> Axes:
        """The axes of the graph's values."""
        return Axes(self.graph)

    @cached_property
    def gates(self) -> Gates:
        """When the nodes run that do not always run."""
        return Gates(self.graph)

    @cached_property
    def exposures(self) -> dict[str, Exposure]:
        """What is lost where each node fails."""
        return exposures(self.graph.nodes, (output.use for output in self.graph.outputs))

    @cached_property
    def tails(self) -> dict[str, str]:
        """For each node the one whose items leave one by one and for which alone it works; empty where there is none."""
        found: dict[str, str] = {}
        kept = {output.use.node for output in self.graph.outputs} - self.graph.streams
        for node in reversed(self.graph.nodes):
            uses = (Use(node=node.name, port=port.name) for port in node.outputs)
            takers = {found[taker.name] for use in uses for taker in self.graph.consumers.get(use, ())}
            alone = len(takers) == 1 and node.name not in kept
            found[node.name] = node.name if node.name in self.graph.streams else takers.pop() if alone else ""
        return found

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each node: its position in topological order."""
        return {node.name: number for number, node in enumerate(self.graph.nodes)}

    @cached_property
    def links(self) -> tuple[tuple[Link, ...], ...]:
        """For each node by number, its links from other nodes; inputs of the dag are not among them."""
        return tuple(self._links(node) for node in self.graph.nodes)

    def _links(self, node: Node) -> tuple[Link, ...]:
        uses = [(use, True) for use in dict.fromkeys(mapped_uses(node))]
        uses += [(use, False) for use in dict.fromkeys(whole_uses(node))]
        return tuple(self._link(use, is_mapped) for use, is_mapped in uses if use.node)

    def _link(self, use: Use, mapped: bool) -> Link:
        axis = self.axes.of_value.get(use)
        most = self.axes.most_items(axis) if axis else None
        return Link(self.numbers[use.node], use, mapped, axis, most)
