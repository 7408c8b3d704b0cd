"""One call of a mapper as chunks: its items divided, and put together again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace_dags.plan.model import Call
from headrace_serving.codec import blank
from headrace_serving.failure import TaskFailure
from headrace_serving.tensors import Tensor

Tensors = Mapping[str, Tensor]

_STEPS = ("input", "step", "output")


def items_of(call: Call, tensors: Tensors) -> int | TaskFailure:
    """How many items a call is for; what is mapped in lockstep must be as many.

    Args:
        call: what is called.
        tensors: its inputs by name, whole.
    """
    counts = {flow.name: tensors[flow.name].items for flow in call.inputs if flow.use in call.mapped}
    if len(set(counts.values())) == 1:
        return next(iter(counts.values()))
    listed = ", ".join(f"{name} has {items}" for name, items in counts.items())
    message = f"what is mapped in lockstep has as many items: {listed}"
    return TaskFailure(kind="input", node=call.outputs[0].use.node, message=message)


def chunks(call: Call, tensors: Tensors, items: int) -> list[Tensors]:
    """The inputs of each chunk, in order: mapped ones cut, the others whole."""
    mapped = {flow.name for flow in call.inputs if flow.use in call.mapped}
    whole = {flow.name: tensors[flow.name] for flow in call.inputs}
    return [
        {name: tensor.cut(start, start + call.chunk) if name in mapped else tensor for name, tensor in whole.items()}
        for start in range(0, items, call.chunk)
    ]


def gathered(call: Call, parts: Sequence[Tensors]) -> dict[str, Tensor]:
    """The outputs of all chunks as one; without chunks, without items."""
    if not parts:
        return {flow.name: blank(flow, 0) for flow in call.outputs}
    return {flow.name: Tensor.join([part[flow.name] for part in parts]) for flow in call.outputs}


def blamed(failure: TaskFailure, call: Call, chunk: int, items: int) -> TaskFailure:
    """The failure of a chunk, told by the numbers of the whole axis: the item's, or which items it is among."""
    start, stop = chunk * call.chunk, min((chunk + 1) * call.chunk, items)
    if failure.item >= 0 or failure.kind not in _STEPS:
        return failure.shifted(start)
    if stop - start == 1:
        return failure.model_copy(update={"item": start})
    return failure.model_copy(update={"message": f"{failure.message} (in a batch of the items {start} to {stop - 1})"})
