"""A remote step as a body: its arguments as tensors to the endpoint, the answer as its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from headrace_dags.declare.declaration import Declaration
from headrace_dags.remote.connect import Connection
from headrace_dags.remote.contents import Array
from headrace_dags.remote.contract import Endpoint, Tensors
from headrace_dags.remote.failing import EndpointFailed
from headrace_dags.remote.matching import Matching
from headrace_dags.remote.slots import Slot, Slots
from headrace_dags.remote.values import packed, stacked, unpacked, unstacked
from headrace_dags.secrets.redact import Redactor


def remote_call(declaration: Declaration, root: Path) -> Callable[[Mapping[str, Any]], Any]:
    """Make an endpoint ready to be called: it is asked what it serves, and that is compared with the step.

    A server that does not answer now is asked again when the step is called.

    Args:
        declaration: the step.
        root: the import root, where ``.env`` may lie.

    Returns:
        A function that takes the inputs by name and gives the output, or the outputs in the step's NamedTuple; for a
        batched step a list of them. It may be called from several threads at once, and raises EndpointFailed.

    Raises:
        DefinitionError: the model's tensors are not those of the step.
        EnvironmentLack: a client is not installed, a secret or address has no value, or the server does not let us in or
            has no such model.
    """
    connection = Connection(declaration, root)
    matching = Matching(declaration, connection)
    matching.early()
    call = partial(_called, declaration, matching)
    return partial(_quiet, call, connection.redact)


def _called(declaration: Declaration, matching: Matching, arguments: Mapping[str, Any]) -> Any:
    caller = _Caller(declaration, matching.endpoint, matching.slots())
    return caller.batch(arguments) if declaration.ref.batching else caller.once(arguments)


def _quiet(call: Callable[[Mapping[str, Any]], Any], redact: Redactor, arguments: Mapping[str, Any]) -> Any:
    """What ``call`` gives; where it fails no secret is told."""
    try:
        return call(arguments)
    except EndpointFailed as failed:
        raise failed.retold(redact) from None


@dataclass(frozen=True, slots=True)
class _Caller:
    """A step and its endpoint."""

    declaration: Declaration
    endpoint: Endpoint
    slots: Slots

    def once(self, arguments: Mapping[str, Any]) -> Any:
        """Call it with one item."""
        answer = self._infer(
            {slot.tensor: packed(slot, self._taken(slot), arguments[slot.port.name]) for slot in self.slots.inputs}
        )
        return self._result([unpacked(slot, self._given(slot), _output(answer, slot)) for slot in self.slots.outputs])

    def batch(self, arguments: Mapping[str, Any]) -> list[Any]:
        """Call it with a batch. Arrays of different shapes cannot be stacked: items of one shape go together."""
        batched = [slot for slot in self.slots.inputs if slot.batched]
        rows = list(zip(*(arguments[slot.port.name] for slot in batched), strict=True))
        groups: dict[tuple[Any, ...], list[int]] = {}
        for index, row in enumerate(rows):
            groups.setdefault(tuple(getattr(value, "shape", None) for value in row), []).append(index)
        results: list[Any] = [None] * len(rows)
        for indices in groups.values():
            made = self._together(batched, [rows[index] for index in indices], arguments)
            for index, result in zip(indices, made, strict=True):
                results[index] = result
        return results

    def _together(
        self, batched: Sequence[Slot], rows: Sequence[Sequence[Any]], arguments: Mapping[str, Any]
    ) -> list[Any]:
        columns = zip(batched, zip(*rows, strict=True), strict=True)
        tensors = {slot.tensor: stacked(slot, self._taken(slot), column) for slot, column in columns}
        for slot in self.slots.inputs:
            if not slot.batched:
                tensors[slot.tensor] = packed(slot, self._taken(slot), arguments[slot.port.name], len(rows))
        answer = self._infer(tensors)
        outputs = [unstacked(slot, self._given(slot), _output(answer, slot), len(rows)) for slot in self.slots.outputs]
        return [self._result(row) for row in zip(*outputs, strict=True)]

    def _infer(self, tensors: Tensors) -> Tensors:
        return self.endpoint.infer(tensors, self.slots.wanted)

    def _result(self, values: Sequence[Any]) -> Any:
        kind = self.declaration.signature.result_class
        return values[0] if kind is None else kind(*values)

    def _taken(self, slot: Slot) -> Any:
        return self.declaration.signature.annotations[f"in:{slot.port.name}"]

    def _given(self, slot: Slot) -> Any:
        return self.declaration.signature.annotations[f"out:{slot.port.name}"]


def _output(answer: Tensors, slot: Slot) -> Array:
    """The tensor that stands for a port: that of its name, or the only one for an only output."""
    name = slot.tensor or next(iter(answer), "")
    if name not in answer or (not slot.tensor and len(answer) > 1):
        got = ", ".join(answer) or "none"
        raise EndpointFailed("output", f"expects an output {slot.tensor or 'and no other'}, got {got}")
    return answer[name]
