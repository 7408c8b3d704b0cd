"""ONNX models as bodies: onnxruntime on one thread, arrays by the names of the ports. Loaded only where a model is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.modelfile import find
from headrace_dags.errors import DefinitionError, EnvironmentLack, Problem
from headrace_dags.running.onnxports import Array, Pair, Tensor, match


class Session(Protocol):
    """What is used of onnxruntime's session."""

    def get_inputs(self) -> Sequence[Tensor]: ...  # noqa: D102
    def get_outputs(self) -> Sequence[Tensor]: ...  # noqa: D102
    def run(self, names: Sequence[str], feeds: Mapping[str, Array], /) -> list[Array]: ...  # noqa: D102


def onnx_call(declaration: Declaration, root: Path) -> Callable[[Mapping[str, Any]], Any]:
    """Open the model of a step.

    Args:
        declaration: the step; its batch ports are stacked on the first axis.
        root: the folder that the model's path starts from.

    Returns:
        A function that takes the inputs by name and gives the output, or the outputs in the step's NamedTuple; for a
        batched step a list of them.

    Raises:
        DefinitionError: the file is not there or is no model, or its inputs and outputs are not those of the step.
        EnvironmentLack: onnxruntime is not installed.
    """
    session = _session(declaration, root)
    matched = match(declaration, session.get_inputs(), session.get_outputs())
    if isinstance(matched, list):
        raise DefinitionError(matched)
    model = _Model(declaration, session, *matched)
    return model.batch if declaration.ref.batching else model.once


def _session(declaration: Declaration, root: Path) -> Session:
    where, file = declaration.body.__name__, find(declaration.ref.model_file, root)
    try:
        import onnxruntime
    except ImportError as error:
        install = "Run `pip install 'headrace[onnx]'`"
        problem = Problem(
            "extra-onnx", where, "ONNX steps need onnxruntime", "no such package", install, declaration.location
        )
        raise EnvironmentLack(problem) from error
    if not file.is_file():
        found = Problem(
            "onnx-file", where, "expects its model file", f"no file {file}", "Put it there", declaration.location
        )
        raise DefinitionError(found)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what it logs at error level is in the exception too
    try:
        session: Any = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        got = f"{file.name} ({str(error).partition(chr(10))[0][:300]})"
        found = Problem("onnx-file", where, "expects an ONNX model", got, "Export the model anew", declaration.location)
        raise DefinitionError(found) from error
    opened: Session = session
    return opened


@dataclass(frozen=True, slots=True)
class _Model:
    """An open model and how its tensors stand for the ports."""

    declaration: Declaration
    session: Session
    inputs: Sequence[Pair]
    outputs: Sequence[Pair]

    def once(self, arguments: Mapping[str, Any]) -> Any:
        """Run on one item."""
        arrays = self._run({pair.port.name: arguments[pair.port.name] for pair in self.inputs})
        return self._packed(arrays)

    def batch(self, arguments: Mapping[str, Any]) -> list[Any]:
        """Run on a batch. Items of different shapes cannot be stacked: those of one shape run together."""
        items = self._items(arguments)
        groups: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for index, item in enumerate(items):
            groups.setdefault(tuple(array.shape for array in item.values()), []).append(index)
        results: list[Any] = [None] * len(items)
        for indices in groups.values():
            for index, result in zip(
                indices, self._stacked([items[index] for index in indices], arguments), strict=True
            ):
                results[index] = result
        return results

    def _items(self, arguments: Mapping[str, Any]) -> list[dict[str, Array]]:
        """The model's arrays for each item of the batch ports."""
        batched = [pair for pair in self.inputs if pair.batched]
        rows = zip(*(arguments[pair.port.name] for pair in batched), strict=True)
        return [{pair.port.name: value for pair, value in zip(batched, row, strict=True)} for row in rows]

    def _stacked(self, items: Sequence[Mapping[str, Array]], arguments: Mapping[str, Any]) -> list[Any]:
        """Run items of one shape together."""
        feeds = {name: np.stack([item[name] for item in items]) for name in items[0]}
        feeds |= {pair.port.name: arguments[pair.port.name] for pair in self.inputs if not pair.batched}
        return [self._packed(row) for row in zip(*self._run(feeds), strict=True)]

    def _run(self, feeds: Mapping[str, Array]) -> list[Array]:
        return self.session.run([pair.tensor.name for pair in self.outputs], feeds)

    def _packed(self, arrays: Sequence[Array]) -> Any:
        kind = self.declaration.signature.result_class
        return arrays[0] if kind is None else kind(*arrays)
