"""Run nodes of which some are needed only on a branch: joins choose, nodes run for what is chosen, failures travel as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from headrace_dags.gates import Gate
from headrace_dags.graph import ON, Node, Use
from headrace_dags.masks import Mask, holds
from headrace_dags.running.evaluate import PreparedNode
from headrace_dags.running.failing import LostItem, NodeFailed, too_few

HOLE: Final[Any] = object()
"""Stands for a value, or an item, that nobody needs and that was not made."""

NOTHING, UNDECIDED = -1, -2
"""In the place of the choice that a join takes: none, and that it was not asked."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands for a value that could not be made."""

    failure: NodeFailed


class Branches:
    """Nodes and joins that run in one process.

    Args:
        nodes: in an order they can run in: what decides comes before what it decides about.
        prepared: those with a step, by name.
        gates: when those run that do not always run.
        settles: whether tolerant maps are judged here.
    """

    def __init__(
        self, nodes: Sequence[Node], prepared: Mapping[str, PreparedNode], gates: Mapping[str, Gate], *, settles: bool
    ) -> None:
        self.nodes, self.prepared, self.settles = nodes, prepared, settles
        self.gates = gates
        self.joins = {node.name: node for node in nodes if node.join}

    def between(self, inputs: Sequence[Use], outputs: Sequence[Use]) -> Callable[[Sequence[Any]], list[Any]]:
        """A function from the values ``inputs`` to the values ``outputs``. It raises the NodeFailed of an output."""

        def run(values: Sequence[Any]) -> list[Any]:
            known = _Pass(self, dict(zip(inputs, values, strict=True))).run()
            found = [known[use] for use in outputs]
            failed = next((each for each in found if isinstance(each, Failed)), None)
            if failed:
                raise failed.failure
            return found

        return run


@dataclass(slots=True)
class _Pass:
    """One pass through the nodes.

    Attributes:
        branches: the nodes.
        known: every value so far.
        keys: for each join that was asked, the key it takes, or one for each item; ``None`` for none.
    """

    branches: Branches
    known: dict[Use, Any]
    keys: dict[str, Any] = field(default_factory=dict[str, Any])

    def run(self) -> dict[Use, Any]:
        """Every value."""
        for node in self.branches.nodes:
            if node.join:
                self.known[_result(node)] = self._joined(node)
            else:
                outputs = self._outputs(node)
                for port in node.outputs:
                    self.known[Use(node=node.name, port=port.name)] = outputs[port.name]
        return self.known

    def _outputs(self, node: Node) -> dict[str, Any]:
        """The outputs of a node that runs as far as it is needed."""
        needed = self._needed(node)
        if needed is False:
            return {port.name: HOLE for port in node.outputs}
        prepared = self.branches.prepared[node.name]
        inputs = {name: self.known[use] for name, use in prepared.uses.items()}
        failed = next((value for value in inputs.values() if isinstance(value, Failed)), None)
        if failed:
            return {port.name: failed for port in node.outputs}
        try:
            return self._settled(node, self._run(prepared, inputs, needed))
        except NodeFailed as failure:
            if not self.branches.joins:
                raise
            return {port.name: Failed(failure) for port in node.outputs}

    def _run(self, prepared: PreparedNode, inputs: dict[str, Any], needed: Mask) -> dict[str, Any]:
        """Run a node, a mapped one for the items that need it; the others have holes."""
        if not isinstance(needed, list):
            return prepared.run(inputs)
        chosen = [place for place, needs in enumerate(needed) if needs]
        mapped = prepared.node.mapped
        some = {name: [value[place] for place in chosen] if name in mapped else value for name, value in inputs.items()}
        try:
            found = prepared.run(some)
        except NodeFailed as failure:
            if failure.item >= 0:
                failure.item = chosen[failure.item]
            raise
        return {name: _spread(values, chosen, len(needed)) for name, values in found.items()}

    def _settled(self, node: Node, outputs: dict[str, Any]) -> dict[str, Any]:
        """The outputs of a tolerant map, what was lost being nothing.

        Raises:
            NodeFailed: too few items succeed.
        """
        if node.tolerant is None or not self.branches.settles:
            return outputs
        items = next(iter(outputs.values()))
        lost = [item.failure for item in items if isinstance(item, LostItem)]
        made = sum(item is not HOLE for item in items)
        if failure := too_few(node.name, node.tolerant, made, lost):
            raise failure
        return {
            name: [None if isinstance(item, LostItem) else item for item in values] for name, values in outputs.items()
        }

    def _needed(self, node: Node) -> Mask:
        """Whether a node is needed; of a mapped one perhaps for some items only."""
        if node.name not in self.branches.gates:
            return True
        gate = self.branches.gates[node.name]
        return holds(gate.terms, self._takes, frozenset(gate.per_item))

    def _takes(self, join: str, key: str | None) -> Mask:
        """Whether a join takes ``key``, or for which of its items it does."""
        node = self.branches.joins[join]
        place = node.join.keys.index(key) if node.join else -1
        chosen = self._chosen(node)
        return [each == place for each in chosen] if isinstance(chosen, list) else chosen == place

    def _chosen(self, node: Node) -> int | list[int]:
        """Which of its choices a switch or when takes, or which for each item; -1 for none."""
        if node.name not in self.keys:
            on: Any = self.known[node.on] if node.on else HOLE
            per_item = ON in node.mapped and isinstance(on, list)
            self.keys[node.name] = [_place(node, each) for each in on] if per_item else _place(node, on)
        found: int | list[int] = self.keys[node.name]
        return found

    def _joined(self, node: Node) -> Any:
        """The value of a join."""
        assert node.join
        values = [self.known[each.binding] if isinstance(each.binding, Use) else HOLE for each in node.choices]
        if node.join.decides:
            return self._decided(node, values)
        there = [value for value in values if not isinstance(value, Failed)]
        lost = [value for value in values if isinstance(value, Failed)]
        if node.join.kind == "optional":
            return there[0] if there else None
        if node.join.kind == "first":
            return there[0] if there else lost[0]
        return self._quorum(values, node.join.need, lost)

    @staticmethod
    def _quorum(values: Sequence[Any], need: int, lost: Sequence[Failed]) -> Any:
        if len(values) - len(lost) < need:
            return lost[0]
        there = [place for place, value in enumerate(values) if not isinstance(value, Failed)][:need]
        return [value if place in there else None for place, value in enumerate(values)]

    def _decided(self, node: Node, values: Sequence[Any]) -> Any:
        """The value of a switch or when: the chosen one, for each item where it is mapped."""
        on = self.known[node.on] if node.on else HOLE
        if isinstance(on, Failed):
            return on
        if not node.mapped:
            chosen = self._chosen(node)
            assert isinstance(chosen, int)
            return HOLE if on is HOLE else None if chosen < 0 else values[chosen]
        return self._items(node, values)

    def _items(self, node: Node, values: Sequence[Any]) -> Any:
        chosen = self._chosen(node)
        lists = [
            self.known[each.binding]
            for each in node.inputs
            if each.port.name in node.mapped and isinstance(each.binding, Use)
        ]
        length = next((len(each) for each in lists if isinstance(each, list)), None)
        if length is None:
            return HOLE
        places = chosen if isinstance(chosen, list) else [chosen] * length
        failed = next((values[place] for place in places if place >= 0 and isinstance(values[place], Failed)), None)
        if failed:
            return failed
        mapped = [each.port.name in node.mapped for each in node.choices]
        found: list[Any] = []
        for item, place in enumerate(places):
            value: Any = values[place] if place >= 0 else None if place == NOTHING else HOLE
            found.append(value[item] if place >= 0 and mapped[place] and value is not HOLE else value)
        return found


def _result(node: Node) -> Use:
    return Use(node=node.name, port=node.outputs[0].name)


def _place(node: Node, on: Any) -> int:
    """The choice that a value takes; none where the value was not made."""
    if on is HOLE or isinstance(on, Failed):
        return UNDECIDED
    return node.choice(key_of(on))


def key_of(value: Any) -> str:
    """The key of a value that decides, as JSON writes it."""
    if isinstance(value, Enum):
        return str(value.value)
    return value if isinstance(value, str) else str(bool(value)).lower()


def _spread(values: Sequence[Any], places: Sequence[int], length: int) -> list[Any]:
    """The values at their places, holes at all others."""
    found = [HOLE] * length
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return found
