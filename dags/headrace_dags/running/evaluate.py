"""Run nodes on real values: plain, yielding, mapped and batched bodies. Used by every runtime; no scheduling, no I/O here."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from headrace_dags.graph import Node, Port, Use
from headrace_dags.ports.constants import fixed_inputs
from headrace_dags.running.batches import Batcher
from headrace_dags.running.bodies import Body
from headrace_dags.running.failing import Fault, LostItem, NodeFailed, check_lengths, raised
from headrace_dags.running.outputs import Outputs

__all__ = ("Fault", "NodeFailed", "PreparedNode")


class PreparedNode:
    """A node and its loaded body, made ready once for many calls.

    Args:
        node: the node.
        body: its step, loaded.

    Attributes:
        uses: for each input port that the graph feeds, the value that feeds it.

    Raises:
        ValueMisfit: a constant of the graph is not what the step's port declares.
    """

    def __init__(self, node: Node, body: Body) -> None:
        fed = {each.port.name: each.port for each in node.inputs if isinstance(each.binding, Use)}
        self.node = node
        self.uses = {each.port.name: each.binding for each in node.inputs if isinstance(each.binding, Use)}
        self._call = body.call
        self._constants = fixed_inputs(node, body.declaration)
        self._complete = len(fed) == len(node.inputs)
        self._floats = tuple(name for name, port in fed.items() if port.type.python == "float")
        self._suspect = _suspect(fed.values(), node.mapped)
        self._outputs = Outputs(node, body.declaration, per_item=bool(node.mapped or node.step.batching))
        self._yields = node.step.yields
        self._batcher = Batcher(node, body.call, self._outputs, self._suspect) if node.step.batching else None
        self._joins = self._batcher is not None and set(fed) <= set(node.step.batch_ports)
        several = body.declaration.signature.result_class is not None
        given = node.mapped or node.step.batching or self._yields or self._floats or several
        self.is_plain = self._complete and not given
        """Whether one call of the body with the inputs as they are gives the only output."""

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Run the node once.

        Args:
            inputs: a value for each input port that the graph feeds; a list where the port is Many or is mapped.

        Returns:
            A value for each output port; a list where the node's port is Many.

        Raises:
            NodeFailed: the body raised, or returned what it does not declare.
        """
        arguments = self._arguments(inputs)
        mapped = self.node.mapped
        if len(mapped) > 1:
            check_lengths(self.node.name, {name: arguments[name] for name in mapped})
        if self._batcher:
            return _unless_failed(self._batcher.run([arguments])[0])
        if not mapped:
            return self._outputs.take(self._called(arguments, -1))
        if len(mapped) == 1:
            (name,) = mapped
            calls: Iterable[Mapping[str, Any]] = ({**arguments, name: item} for item in arguments[name])
        else:
            lists = zip(*(arguments[name] for name in mapped), strict=True)
            calls = ({**arguments, **dict(zip(mapped, items, strict=True))} for items in lists)
        once = self._once if self.node.tolerant is None else self._perhaps
        return dict(self._outputs.joined([once(each, at) for at, each in enumerate(calls)]))

    def run_plain(self, arguments: dict[str, Any]) -> Any:
        """The quick way of a plain node: its only output.

        Raises:
            NodeFailed: the body raised, or returned what it does not declare.
        """
        return self._outputs.only(self._called(arguments, -1))

    def stream(self, inputs: Mapping[str, Any]) -> Generator[Any]:
        """Run a node that yields and give each item of its only output as it is made; closing it closes the body.

        Raises:
            NodeFailed: the body raised, or yielded what it does not declare; what it gave before is good.
        """
        try:
            result = self._call(self._arguments(inputs))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise raised(self.node.name, error, port=self._suspect) from error
        if not isinstance(result, Iterator):
            yield from self._outputs.one_by_one(result)
            return
        with closing(self._pulled(result)) as made:
            yield from self._outputs.one_by_one(made)

    def _pulled(self, made: Iterator[Any]) -> Generator[Any]:
        """The items of a body; what it raises is its failure."""
        try:
            yield from made
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # a body's own SystemExit and CancelledError are its failures too
            raise raised(self.node.name, error, port=self._suspect) from error

    def run_batch(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | NodeFailed]:
        """Run independent requests, together where the body is batched and all its inputs are per item.

        Returns:
            For each request its outputs, or why it failed.
        """
        if self._batcher and self._joins:
            return self._batcher.run([self._arguments(inputs) for inputs in requests])
        return [self._outcome(inputs) for inputs in requests]

    def _outcome(self, inputs: Mapping[str, Any]) -> dict[str, Any] | NodeFailed:
        try:
            return self.run(inputs)
        except NodeFailed as failure:
            return failure

    def _arguments(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments of the body: constants and inputs, an ``int`` made the ``float`` that the port declares."""
        if self._complete and not self._floats:
            return dict(inputs)
        arguments = self._constants()
        arguments.update(inputs)
        for name in self._floats:
            value = arguments[name]
            arguments[name] = [_float(each) for each in value] if isinstance(value, list) else _float(value)
        return arguments

    def _once(self, arguments: Mapping[str, Any], item: int) -> dict[str, Any] | LostItem:
        return self._outputs.take(self._called(arguments, item), item)

    def _perhaps(self, arguments: Mapping[str, Any], item: int) -> dict[str, Any] | LostItem:
        try:
            return self._once(arguments, item)
        except NodeFailed as failure:
            if failure.is_of_endpoint:
                raise
            return LostItem(failure)

    def _called(self, arguments: Mapping[str, Any], item: int) -> Any:
        try:
            result = self._call(arguments)
            return self._outputs.collect(result) if self._yields else result
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a body's own SystemExit and CancelledError are its failures too
            raise raised(self.node.name, error, port=self._suspect, item=item) from error


def _float(value: Any) -> Any:
    return None if value is None else float(value)


def _unless_failed(outcome: dict[str, Any] | NodeFailed) -> dict[str, Any]:
    if isinstance(outcome, NodeFailed):
        raise outcome
    return outcome


def _suspect(ports: Iterable[Port], mapped: Sequence[str]) -> str:
    """The input port to name when a body says that its input is at fault but not which: the mapped one, else the only
    one, else the only one that is a medium; empty where several may be meant.
    """
    if len(mapped) == 1:
        return mapped[0]
    fed = list(ports)
    media = [port for port in fed if port.type.kind != "json"]
    found = fed if len(fed) == 1 else media
    return found[0].name if len(found) == 1 else ""
