"""Nodes that run one after another in one process: by number, without looking anything up, where none of them branches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from headrace_dags.gates import Gate
from headrace_dags.graph import Node, Use
from headrace_dags.running.bodies import Body
from headrace_dags.running.branches import Branches
from headrace_dags.running.evaluate import PreparedNode


class Chain:
    """Nodes that run one after another in one process.

    Args:
        nodes: in an order they can run in.
        bodies: their loaded steps, by the node's name; joins have none.
        gates: for each node that does not always run, when it does.
        settles: whether a tolerant map is judged here, and not where all its chunks are known.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        bodies: Mapping[str, Body],
        gates: Mapping[str, Gate] | None = None,
        *,
        settles: bool = False,
    ) -> None:
        self.nodes = tuple(PreparedNode(node, bodies[node.name]) for node in nodes if node.join is None)
        self._bodies = bodies
        self._gates = gates or {}
        self._order = tuple(nodes)
        self._branches = any(node.join or (settles and node.tolerant is not None) for node in nodes)
        self._settles = settles

    def between(self, inputs: Sequence[Use], outputs: Sequence[Use]) -> Callable[[Sequence[Any]], list[Any]]:
        """A function that runs all nodes: from the values ``inputs`` to the values ``outputs``; quick, for many calls.

        It raises the NodeFailed of the first node that fails. Where a value lies is looked up once, here: hashing a
        value's name for each node and call would take as long as a small body does.
        """
        if self._branches:
            prepared = {each.node.name: each for each in self.nodes}
            return Branches(self._order, prepared, self._gates, settles=self._settles).between(inputs, outputs)
        slots = {use: slot for slot, use in enumerate(dict.fromkeys(inputs))}
        for each in self.nodes:
            for port in each.node.outputs:
                slots.setdefault(Use(node=each.node.name, port=port.name), len(slots))
        calls = [_Call.of(each, slots) for each in self.nodes]
        wanted = [slots[use] for use in outputs]
        blank = [None] * (len(slots) - len(inputs))

        def run(values: Sequence[Any]) -> list[Any]:
            known = [*values, *blank]
            for call in calls:
                call.run(known)
            return [known[slot] for slot in wanted]

        return run

    def stream(self, inputs: Sequence[Use], name: str) -> Callable[[Sequence[Any]], Generator[Any]]:
        """A function that runs all nodes, the one called ``name`` last, and gives what that one yields item by item.

        Iterating raises the NodeFailed of the first node that fails.
        """
        last = next(each for each in self.nodes if each.node.name == name)
        others = [node for node in self._order if node.name != name]
        before = Chain(others, self._bodies, self._gates).between(inputs, tuple(last.uses.values()))

        def run(values: Sequence[Any]) -> Generator[Any]:
            yield from last.stream(dict(zip(last.uses, before(values), strict=True)))

        return run


@dataclass(frozen=True, slots=True)
class _Call:
    """A node of a chain: from which slots it takes its inputs, and to which slots its outputs go."""

    node: PreparedNode
    takes: tuple[tuple[str, int], ...]
    gives: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, node: PreparedNode, slots: Mapping[Use, int]) -> Self:
        """The call of ``node``, whose values lie in ``slots``."""
        outputs = (port.name for port in node.node.outputs)
        gives = tuple((name, slots[Use(node=node.node.name, port=name)]) for name in outputs)
        return cls(node, tuple((name, slots[use]) for name, use in node.uses.items()), gives)

    def run(self, known: list[Any]) -> None:
        """Run the node on the values of its slots."""
        inputs = {name: known[slot] for name, slot in self.takes}
        if self.node.is_plain:
            known[self.gives[0][1]] = self.node.run_plain(inputs)
            return
        outputs = self.node.run(inputs)
        for name, slot in self.gives:
            known[slot] = outputs[name]
