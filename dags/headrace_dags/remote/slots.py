"""The ports of a remote step beside the tensors of its model: do they match, and how items lie in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import Problem
from headrace_dags.graph import RESULT, Port, TensorNames
from headrace_dags.plan.wires import DATATYPES
from headrace_dags.remote.contract import ModelSpec, TensorSpec

_FREE_OR_ONE = (-1, 1)
_MOST_TOLD = 10
"""Of so many tensors a message tells; a stranger's model may have any number."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A port and the tensor that stands for it.

    Attributes:
        port: the port.
        tensor: the tensor's name; empty for an only output, where the server does not tell what it is called.
        spec: what the server says of it; ``None`` where it says nothing.
        batched: whether the tensor's first axis is the batch.
    """

    port: Port
    tensor: str
    spec: TensorSpec | None
    batched: bool

    @property
    def leads(self) -> bool:
        """Whether the first axis is not the item's own: the batch, or a batch of one for a step without one."""
        if self.batched or self.spec is None or not self.port.type.is_array:
            return self.batched
        return len(self.spec.shape) == len(self.port.type.axes) + 1

    @property
    def datatype(self) -> str:
        """The protocol's datatype of the port."""
        return DATATYPES[self.port.type.dtype] if self.port.type.is_array else "BYTES"

    @property
    def fits(self) -> bool:
        """Whether datatype, rank and fixed sizes agree."""
        if self.spec is None:
            return True
        sizes = self.spec.shape
        if self.spec.datatype != self.datatype or (self.leads and not self._first_fits(sizes)):
            return False
        rest = sizes[1:] if self.leads else sizes
        if not self.port.type.is_array:
            return all(size in _FREE_OR_ONE for size in rest)
        own = self.port.type.sizes
        return len(own) == len(rest) and all(-1 in pair or pair[0] == pair[1] for pair in zip(own, rest, strict=True))

    def _first_fits(self, sizes: Sequence[int]) -> bool:
        """Batches are of any size up to the step's; a single item is a batch of one."""
        return bool(sizes) and (sizes[0] == -1 if self.batched else sizes[0] in _FREE_OR_ONE)

    def shape(self, items: int) -> tuple[int, ...]:
        """The shape of ``BYTES`` that hold ``items`` elements."""
        rank = len(self.spec.shape) if self.spec else 1 + self.batched
        return (items, *([1] * (rank - 1))) if self.batched else (1,) * rank


@dataclass(frozen=True, slots=True)
class Slots:
    """All slots of a step: the tensors that it sends, and those that it wants."""

    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the outputs; none where not all are known."""
        names = tuple(slot.tensor for slot in self.outputs)
        return names if all(names) else ()


def match(declaration: Declaration, model: ModelSpec, where: str) -> Slots | list[Problem]:
    """Pair the ports of a step with the tensors of its model.

    Args:
        declaration: the step.
        model: what the server says.
        where: the model's address, for messages.

    Returns:
        The slots, or everything that does not match.
    """
    signature = declaration.signature
    tensors = declaration.ref.remote.tensors if declaration.ref.remote else TensorNames()
    given = {**tensors.outputs}
    if [port.name for port in signature.outputs] == [RESULT] and RESULT not in given:
        given[RESULT] = model.outputs[0].name if len(model.outputs) == 1 else "" if not model.outputs else RESULT
    batching = declaration.ref.batching is not None
    taken = _Side(declaration, "input", signature.inputs, tensors.inputs, model.inputs, where)
    made = _Side(declaration, "output", signature.outputs, given, model.outputs, where)
    problems = [*taken.problems(), *islice(taken.unfed(), _MOST_TOLD), *made.problems()]
    if problems:
        return problems
    ports = declaration.ref.batch_ports
    found = Slots(
        tuple(taken.slot(port, batched=port.name in ports) for port in signature.inputs),
        tuple(made.slot(port, batched=batching) for port in signature.outputs),
    )
    return [_misfit(declaration, slot, where) for slot in (*found.inputs, *found.outputs) if not slot.fits] or found


@dataclass(frozen=True, slots=True)
class _Side:
    """The inputs or the outputs of a step and of its model."""

    declaration: Declaration
    role: str
    ports: Sequence[Port]
    names: Mapping[str, str]
    specs: Sequence[TensorSpec]
    where: str

    def slot(self, port: Port, *, batched: bool) -> Slot:
        name = self.names.get(port.name, port.name)
        return Slot(port, name, next((spec for spec in self.specs if spec.name == name), None), batched)

    def problems(self) -> Iterator[Problem]:
        """Ports that the model does not know; of a model of which nothing is told none."""
        known = [spec.name for spec in self.specs]
        for port in self.ports:
            name = self.names.get(port.name, port.name)
            if known and name not in known:
                more = f" and {len(known) - _MOST_TOLD} more" if len(known) > _MOST_TOLD else ""
                expected = f"expects an {self.role} of {self.where}: {', '.join(known[:_MOST_TOLD])}{more}"
                write = f'Name it as the model does, or write {self.role}s={{"{port.name}": "{known[0]}"}}'
                yield _problem(self.declaration, port.name, expected, repr(name), write)

    def unfed(self) -> Iterator[Problem]:
        """Inputs of the model that no port feeds."""
        fed = {self.names.get(port.name, port.name) for port in self.ports}
        for spec in self.specs:
            if spec.name not in fed:
                expected = f"{self.where} has the input {spec}"
                write = f"Add a parameter {spec.name}"
                yield _problem(self.declaration, spec.name, expected, "no such parameter", write)


def _misfit(declaration: Declaration, slot: Slot, where: str) -> Problem:
    of_batch = ", in batches on the first axis" if slot.batched else ""
    kind = f"{slot.port} as {slot.datatype}"
    got = f"{slot.spec} at {where}"
    return _problem(declaration, slot.port.name, f"expects {kind}{of_batch}", got, _advice(slot))


def _advice(slot: Slot) -> str:
    spec, own = slot.spec, len(slot.port.type.axes)
    if spec and slot.port.type.is_array and spec.datatype == slot.datatype and len(spec.shape) == own and slot.batched:
        return "Declare the step without size=: the model takes one item"
    return "Give the port the model's type and layout"


def _problem(declaration: Declaration, port: str, expected: str, got: str, write: str) -> Problem:
    where = f"{declaration.body.__name__}.{port}"
    return Problem("remote-tensors", where, expected, got, write, declaration.location)
