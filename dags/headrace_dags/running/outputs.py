"""What a body returned, checked and taken apart into output ports. Knows nothing of inputs, maps and batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from headrace_dags.declare.declaration import Declaration
from headrace_dags.graph import Node, Port
from headrace_dags.ports.describe import described
from headrace_dags.ports.values import Check, ValueMisfit, checker
from headrace_dags.running.failing import LostItem, NodeFailed


class Outputs:
    """The output ports of a node, made ready once for many results.

    Args:
        node: the node.
        declaration: of its step: annotations and the class that holds several outputs.
        per_item: whether one result is that of one item, though the node's outputs are Many.
    """

    def __init__(self, node: Node, declaration: Declaration, *, per_item: bool) -> None:
        signature = declaration.signature
        self._declared = {port.name: port for port in signature.outputs}
        self._node = node.name
        self._class = signature.result_class
        self._most, self._yields = node.step.max_items, node.step.yields
        self.checks: Mapping[str, Check] = {
            port.name: self._check(port, signature.annotations.get(f"out:{port.name}"), per_item=per_item)
            for port in node.outputs
        }
        self._only = next(iter(self.checks)) if self._class is None else ""
        self._each = self._of_items(node, signature.annotations) if self._yields else None

    def _of_items(self, node: Node, annotations: Mapping[str, Any]) -> Check:
        (port,) = node.outputs
        return checker(port.type, annotations.get(f"out:{port.name}"), optional=port.optional)

    def _check(self, port: Port, annotation: Any, *, per_item: bool) -> Check:
        optional = self._declared[
            port.name
        ].optional  # of a tolerant map the node's port is, and what a body returns is not
        if per_item or not port.many:
            return checker(port.type, annotation, optional=optional)
        check = checker(port.type, annotation, many=True, optional=optional)
        return check if self._most is None else _at_most(self._most, check, knows=not self._yields)

    def collect(self, result: Any) -> Any:
        """What a yielding body yields, as a list; anything else as it is. The body's own exceptions come through.

        One item more than ``max_items`` is enough to know: a body may yield without end.
        """
        if not isinstance(result, Iterator):
            return result
        return list(result if self._most is None else islice(result, self._most + 1))

    def one_by_one(self, result: Any) -> Iterator[Any]:
        """What a yielding body yields, each item checked; the body's own exceptions come through.

        Raises:
            NodeFailed: an item is not what the port declares, or there are more of them than ``max_items``.
        """
        made = result if isinstance(result, Iterator) else iter(self.only(result))
        for index, item in enumerate(made):
            if index == self._most:
                raise self._failed(self._only, _too_many(index, "more"), -1)
            yield self._item(item, index)

    def _item(self, item: Any, index: int) -> Any:
        assert self._each
        try:
            return self._each(item)
        except ValueMisfit as misfit:
            raise self._failed(self._only, misfit, index) from misfit

    def take(self, result: Any, item: int = -1) -> dict[str, Any]:
        """The checked value of each port.

        Args:
            result: what the body returned for one call or one item.
            item: which item of the mapped axis, for the message.

        Raises:
            NodeFailed: a value is not what its port declares, or holds more items.
        """
        if self._class is None:
            return {self._only: self._checked(self._only, result, item)}
        if not isinstance(result, self._class):
            text = f"expects {self._class.__name__}, got {described(result)}"
            raise NodeFailed(self._node, "output", text, item=item)
        return {name: self._checked(name, getattr(result, name), item) for name in self.checks}

    def only(self, result: Any) -> Any:
        """The checked value of the only port; see :meth:`take`."""
        return self._checked(self._only, result, -1)

    def _checked(self, name: str, value: Any, item: int) -> Any:
        try:
            return self.checks[name](value)
        except ValueMisfit as misfit:
            raise self._failed(name, misfit, item if item >= 0 else misfit.item) from misfit

    def _failed(self, name: str, misfit: ValueMisfit, item: int) -> NodeFailed:
        return NodeFailed(self._node, "output", _message(misfit), port=name, item=item)

    def joined(self, results: list[dict[str, Any] | LostItem]) -> dict[str, list[Any]]:
        """The outputs of all items, by port; an item that is lost is lost in all of them."""
        return {
            name: [result if isinstance(result, LostItem) else result[name] for result in results]
            for name in self.checks
        }


def _at_most(most: int, check: Check, *, knows: bool) -> Check:
    """A check that holds a body to its ``max_items``: the plan maps few items where they are made, and cuts many.

    It ``knows`` how many there are where the body gives all at once.
    """

    def limited(values: Any) -> Any:
        items = check(values)
        if len(items) > most:
            raise _too_many(most, f"{len(items):,}" if knows else "more")
        return items

    return limited


def _too_many(most: int, got: str) -> ValueMisfit:
    return ValueMisfit(f"at most {most:,} items (max_items={most})", got, "a larger max_items, or give fewer")


def _message(misfit: ValueMisfit) -> str:
    advice = f"; write {misfit.write}" if misfit.write else ""
    return f"expects {misfit.expected}, got {misfit.got}{advice}"
