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
from headrace_dags.running.failing import LostItem, NodeFailed, check_lengths, too_few

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
            outputs = self._outputs(node)
            for port in node.outputs:
                self.known[Use(node=node.name, port=port.name)] = outputs[port.name]
        return self.known

    def _outputs(self, node: Node) -> dict[str, Any]:
        """The outputs of a node that runs as far as it is needed, or of a join."""
        try:
            return {node.outputs[0].name: self._joined(node)} if node.join else self._made(node)
        except NodeFailed as failure:
            if not self.branches.joins:
                raise
            return {port.name: Failed(failure) for port in node.outputs}

    def _made(self, node: Node) -> dict[str, Any]:
        needed = self._needed(node)
        if needed is False:
            return {port.name: HOLE for port in node.outputs}
        prepared = self.branches.prepared[node.name]
        inputs = {name: self.known[use] for name, use in prepared.uses.items()}
        failed = next((value for value in inputs.values() if isinstance(value, Failed)), None)
        if failed:
            return {port.name: failed for port in node.outputs}
        return self._settled(node, self._run(prepared, inputs, needed))

    def _run(self, prepared: PreparedNode, inputs: dict[str, Any], needed: Mask) -> dict[str, Any]:
        """Run a node, a mapped one for the items that need it; the others have holes."""
        if not isinstance(needed, list):
            return prepared.run(inputs)
        chosen = [place for place, needs in enumerate(needed) if needs]
        node = prepared.node
        choosing = min(self.branches.gates[node.name].per_item)
        check_lengths(node.name, {choosing: needed} | {name: inputs[name] for name in node.mapped})
        picked = {
            name: [value[place] for place in chosen] if name in node.mapped else value for name, value in inputs.items()
        }
        try:
            found = prepared.run(picked)
        except NodeFailed as failure:
            raise _at(failure, chosen) from failure.__cause__
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
        asked = ((join, self._chosen(join)) for join in gate.per_item)
        check_lengths(node.name, {join: chosen for join, chosen in asked if isinstance(chosen, list)})
        return holds(gate.terms, self._takes, frozenset(gate.per_item))

    def _takes(self, join: str, key: str | None) -> Mask:
        """Whether a join takes ``key``, or for which of its items it does."""
        node = self.branches.joins[join]
        place = node.join.keys.index(key) if node.join else NOTHING
        chosen = self._chosen(join)
        return [each == place for each in chosen] if isinstance(chosen, list) else chosen == place

    def _chosen(self, name: str) -> int | list[int]:
        """Which of its choices a switch or when takes, or which for each item; below 0 where it takes none."""
        if name not in self.keys:
            node = self.branches.joins[name]
            on: Any = self.known[node.on] if node.on else HOLE
            per_item = ON in node.mapped and isinstance(on, list)
            self.keys[name] = [_place(node, each) for each in on] if per_item else _place(node, on)
        found: int | list[int] = self.keys[name]
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
        chosen = self._chosen(node.name)
        if isinstance(on, Failed):
            return on
        if node.mapped:
            return self._items(node, values, chosen)
        assert isinstance(chosen, int)
        return _value(values, chosen)

    def _items(self, node: Node, values: Sequence[Any], chosen: int | list[int]) -> Any:
        lists = self._lists(node)
        if not lists:
            return _value(values, chosen) if isinstance(chosen, int) else HOLE
        check_lengths(node.name, lists)
        places = chosen if isinstance(chosen, list) else [chosen] * len(next(iter(lists.values())))
        taken = {place: _value(values, place) for place in dict.fromkeys(places)}
        if failed := next((value for value in taken.values() if isinstance(value, Failed)), None):
            return failed
        by_item = {place for place, each in enumerate(node.choices) if each.port.name in node.mapped}
        return [taken[place][item] if place in by_item else taken[place] for item, place in enumerate(places)]

    def _lists(self, node: Node) -> dict[str, list[Any]]:
        """The items of the inputs of a mapped join, by port, as far as they were made."""
        mapped = (each for each in node.inputs if each.port.name in node.mapped and isinstance(each.binding, Use))
        found = {each.port.name: self.known[each.binding] for each in mapped if isinstance(each.binding, Use)}
        return {name: value for name, value in found.items() if isinstance(value, list)}


def _value(values: Sequence[Any], place: int) -> Any:
    """The value that is taken; a hole where nobody asked."""
    return values[place] if place >= 0 else None if place == NOTHING else HOLE


def _at(failure: NodeFailed, chosen: Sequence[int]) -> NodeFailed:
    """A failure among chosen items, with its place among all of them."""
    if failure.item < 0:
        return failure
    found = NodeFailed(failure.node, failure.fault, failure.message, port=failure.port, item=chosen[failure.item])
    found.__cause__ = failure.__cause__
    return found


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
        found[place] = LostItem(_at(value.failure, places)) if isinstance(value, LostItem) else value
    return found
