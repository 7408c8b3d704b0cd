"""Calls of a segment in parts, so that no batched model gets more items than its size, and none gets none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from headrace_dags.plan.model import Segment
from headrace_serving.codec import blank
from headrace_serving.failure import TaskFailed
from headrace_serving.runtimes.together import together
from headrace_serving.tensors import Tensor

Tensors = Mapping[str, Tensor]
Call = Callable[[Tensors], Awaitable[Tensors]]

_IN_FLIGHT = 8
"""Parts of one task on their way at once: enough for every member of an ensemble to be busy."""


async def in_parts(segment: Segment, inputs: Tensors, call: Call) -> Tensors:
    """Execute a segment on any number of items.

    A task of a segment with mapped inputs is cut along their items where a member's batch is smaller; the outputs are
    joined in order. Without items nothing is called. The first part that fails cancels the others.

    Args:
        segment: what is called.
        inputs: a tensor for each of its input flows.
        call: executes the segment once.

    Raises:
        TaskFailed: of the first part that failed; ``item`` counts from the task's first.
    """
    if not segment.mapped:
        return await call(inputs)
    mapped = [flow.name for flow in segment.inputs if flow.use in segment.mapped]
    items, size = inputs[mapped[0]].items, _most_items(segment)
    if not items:
        return {flow.name: blank(flow, 0) for flow in segment.outputs}
    if not size or items <= size:
        return await call(inputs)
    calls = [partial(_part, call, inputs, mapped, start, start + size) for start in range(0, items, size)]
    parts = await together(calls, _IN_FLIGHT)
    return {flow.name: Tensor.join([part[flow.name] for part in parts]) for flow in segment.outputs}


def _most_items(segment: Segment) -> int:
    """The smallest batch of a member; 0 where none is batched."""
    return min((member.batching.size for member in segment.members if member.batching), default=0)


async def _part(call: Call, inputs: Tensors, mapped: Sequence[str], start: int, stop: int) -> Tensors:
    cut = {name: tensor.cut(start, stop) if name in mapped else tensor for name, tensor in inputs.items()}
    try:
        return await call(cut)
    except TaskFailed as failed:
        raise TaskFailed(failed.failure.shifted(start)) from None
