"""The ports of an ONNX step beside the tensors of its model: do they match, and how values become tensors and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import Problem
from headrace_dags.graph import RESULT, Port

Array = NDArray[Any]
_NUMPY = {"float": "float32", "double": "float64"}


class Tensor(Protocol):
    """What onnxruntime tells of an input or output; ``type`` is e.g. ``tensor(float)``, a free size is a name or None."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def shape(self) -> Sequence[int | str | None]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Pair:
    """A port and the tensor that stands for it; with ``batched`` the tensor's first axis is the batch."""

    port: Port
    tensor: Tensor
    batched: bool

    @property
    def dtype(self) -> str:
        """The model's element type, by numpy's name."""
        inner = self.tensor.type.removeprefix("tensor(").rstrip(")")
        return _NUMPY.get(inner, inner)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the model's axes for one item, -1 where they are free."""
        sizes = tuple(size if isinstance(size, int) else -1 for size in self.tensor.shape)
        return sizes[1:] if self.batched else sizes

    @property
    def has_fixed_batch(self) -> bool:
        """Whether the model takes batches of one size only; those of a step are of any size up to its own."""
        return self.batched and bool(self.tensor.shape) and isinstance(self.tensor.shape[0], int)

    @property
    def fits(self) -> bool:
        """Whether element type, rank and fixed sizes agree."""
        kind = self.port.type
        if self.port.many or (self.batched and not self.tensor.shape):
            return False
        if kind.dtype != self.dtype or len(kind.axes) != len(self.sizes):
            return False
        return all(-1 in sizes or sizes[0] == sizes[1] for sizes in zip(kind.sizes, self.sizes, strict=True))

    def problem(self, declaration: Declaration) -> Problem:
        """What to say where it does not fit."""
        shape = ", ".join(str(size) if isinstance(size, int) else "?" for size in self.tensor.shape)
        batch = ", its first axis being the batch" if self.batched else ""
        got = f"{self.tensor.name} {self.dtype} [{shape}] in the model{batch}"
        write = "Give the port the model's layout"
        if self.fits:
            write = "Export the model with a free first axis (dynamic_axes), or declare the step without size="
        return _problem(declaration, self.port.name, f"expects {self.port}", got, write)


def match(
    declaration: Declaration, inputs: Sequence[Tensor], outputs: Sequence[Tensor]
) -> tuple[list[Pair], list[Pair]] | list[Problem]:
    """Pair the ports of a step with the tensors of its model, by name; an only output needs no name.

    Returns:
        The pairs of the inputs and those of the outputs, or everything that does not match.
    """
    ref, signature = declaration.ref, declaration.signature
    taken = {tensor.name: tensor for tensor in inputs}
    given = {tensor.name: tensor for tensor in outputs}
    if len(outputs) == 1 and [port.name for port in signature.outputs] == [RESULT]:
        given = {RESULT: outputs[0]}
    unnamed = [
        *_unknown(declaration, signature.inputs, taken, "input"),
        *_unknown(declaration, signature.outputs, given, "output"),
    ]
    unfed = taken.keys() - {port.name for port in signature.inputs}
    unnamed += [
        _problem(declaration, name, "the model has this input", "no such parameter", f"Add a parameter {name}")
        for name in sorted(unfed)
    ]
    if unnamed:
        return unnamed
    fed = [Pair(port, taken[port.name], port.name in ref.batch_ports) for port in signature.inputs]
    made = [Pair(port, given[port.name], ref.batching is not None) for port in signature.outputs]
    wrong = [pair for pair in fed if not pair.fits or pair.has_fixed_batch] + [pair for pair in made if not pair.fits]
    return [pair.problem(declaration) for pair in wrong] or (fed, made)


def _unknown(declaration: Declaration, ports: Iterable[Port], tensors: Iterable[str], role: str) -> Iterator[Problem]:
    """Ports that the model does not know."""
    names = sorted(tensors)
    for port in ports:
        if port.name not in names:
            expected = f"expects an {role} of the model: {', '.join(names)}"
            yield _problem(declaration, port.name, expected, repr(port.name), "Name it as the model does")


def _problem(declaration: Declaration, port: str, expected: str, got: str, write: str) -> Problem:
    where = f"{declaration.body.__name__}.{port}"
    return Problem("onnx-port", where, expected, got, write, declaration.location)
