"""An executor that asks the store of results first, calls only for what is missing, and keeps what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from headrace_dags.plan.model import Plan, Segment
from headrace_serving.cache.flights import Flights, landed
from headrace_serving.cache.keys import keys_of
from headrace_serving.cache.store import ResultStore
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Executor, Recalled, Take, Task
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import LOST

Tensors = Mapping[str, Tensor]

_NOWHERE: Mapping[str, str] = MappingProxyType({})


class CachingExecutor:
    """An :class:`~headrace_serving.runtimes.contract.Executor` that answers calls of cached segments from a store.

    Of a segment with mapped inputs each item is a call of its own: those that are missing go to the inner executor
    together. Equal calls at the same time are made once. What fails is kept nowhere.

    Args:
        inner: the executor.
        plan: what it serves.
        results: the store.
        addresses: of remote segments, by the segment's name: another server may give another answer.
    """

    def __init__(
        self, inner: Executor, plan: Plan, results: ResultStore, addresses: Mapping[str, str] = _NOWHERE
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._plan = plan
        self._results = results
        self._addresses = addresses
        self._flights: Flights[tuple[str, str], Tensors] = Flights()

    async def __aenter__(self) -> Self:
        """Start; see the contract."""
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop, and let go of results that are too old or too much."""
        try:
            await self._inner.__aexit__(*exc)
        finally:
            await asyncio.to_thread(self._results.close)

    async def call(self, task: Task, inputs: Tensors) -> Tensors:
        """Execute one task; see the contract."""
        segment = self._plan.by_name[task.segment]
        if not segment.cached:
            return await self._inner.call(task, inputs)
        keys = await asyncio.to_thread(keys_of, segment, inputs, self._addresses.get(segment.name, ""))
        if not keys:
            return await self._inner.call(task, inputs)
        return await self._answered(_Calls(task, segment, inputs, keys))

    async def stream(self, task: Task, inputs: Tensors, take: Take) -> None:
        """Execute one task on a segment that streams; see the contract. No plan says that its results are kept."""
        await self._inner.stream(task, inputs, take)

    async def _answered(self, calls: _Calls) -> Tensors:
        """The outputs of all calls: kept, made by others meanwhile, or made now."""
        found: dict[str, Tensors] = {}
        made = 0
        while missing := [key for key in dict.fromkeys(calls.keys) if key not in found]:
            theirs = self._flights.under_way(map(calls.name, missing))
            kept, fresh = await self._taken(calls, [key for key in missing if calls.name(key) not in theirs])
            others = {key: outputs for (_, key), outputs in (await landed(theirs)).items()}
            found |= kept | fresh | others
            made += len(fresh)
        return calls.joined(found, kept=len(calls.keys) - made)

    async def _taken(self, calls: _Calls, keys: list[str]) -> tuple[dict[str, Tensors], dict[str, Tensors]]:
        """What is kept of the calls ``keys``, and what is made of the rest; shared with all who ask for it meanwhile."""
        with self._flights.taken(map(calls.name, keys)) as shared:
            kept = await asyncio.to_thread(self._kept, calls, keys)
            fresh = await self._made(calls, [key for key in keys if key not in kept])
            good = {key: outputs for key, outputs in fresh.items() if not calls.is_lost(outputs)}
            await asyncio.to_thread(self._keep, calls.segment, good)
            shared |= {calls.name(key): outputs for key, outputs in (kept | good).items()}
        return kept, fresh

    def _kept(self, calls: _Calls, keys: Sequence[str]) -> dict[str, Tensors]:
        found = ((key, self._results.get(key, calls.segment, calls.task.prefix)) for key in keys)
        return {key: outputs for key, outputs in found if outputs is not None}

    def _keep(self, segment: Segment, made: Mapping[str, Tensors]) -> None:
        for key, outputs in made.items():
            self._results.put(key, segment, outputs)

    async def _made(self, calls: _Calls, keys: Sequence[str]) -> dict[str, Tensors]:
        if not keys:
            return {}
        places = [calls.keys.index(key) for key in keys]
        try:
            outputs = await self._inner.call(calls.task, calls.part(places))
        except TaskFailed as failed:
            if not calls.segment.mapped or failed.failure.item < 0:
                raise
            item = places[failed.failure.item]
            raise TaskFailed(failed.failure.model_copy(update={"item": item})) from None
        return calls.apart(keys, outputs)


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls that a task is made of.

    Attributes:
        task: the task.
        segment: what it calls.
        inputs: the task's.
        keys: of its calls, in order; equal calls have equal keys.
    """

    task: Task
    segment: Segment
    inputs: Tensors
    keys: list[str]

    def name(self, key: str) -> tuple[str, str]:
        """The name of a call among those on their way: a run's own, for its outputs refer to objects of the run."""
        return self.task.prefix, key

    def part(self, places: Sequence[int]) -> Tensors:
        """The inputs of some of the calls."""
        if not self.segment.mapped or len(places) == len(self.keys):
            return self.inputs
        mapped = {flow.name for flow in self.segment.inputs if flow.use in self.segment.mapped}
        return {
            name: Tensor(tensor.array[list(places)]) if name in mapped else tensor
            for name, tensor in self.inputs.items()
        }

    def apart(self, keys: Sequence[str], outputs: Tensors) -> dict[str, Tensors]:
        """The outputs of calls that were made together, by their keys.

        Raises:
            TaskFailed: an output holds another number of items than calls were made; it must not be kept.
        """
        self._require_items(outputs, len(keys))
        if not self.segment.mapped:
            return dict.fromkeys(keys, outputs)
        return {
            key: {name: tensor.cut(place, place + 1) for name, tensor in outputs.items()}
            for place, key in enumerate(keys)
        }

    def _require_items(self, outputs: Tensors, calls: int) -> None:
        for flow in self.segment.outputs:
            found, expected = outputs[flow.name].items, calls if self.segment.mapped else 1
            if found != expected and (self.segment.mapped or not flow.many):
                message = f"output {flow.name} of {self.segment.name} holds {found} items, expected {expected}"
                raise TaskFailed(TaskFailure(kind="internal", message=message))

    def joined(self, found: Mapping[str, Tensors], kept: int) -> Recalled:
        """The outputs of the task; ``kept`` of its calls were not made for it."""
        outputs = [found[key] for key in self.keys]
        names = [flow.name for flow in self.segment.outputs]
        return Recalled({name: Tensor.join([each[name] for each in outputs]) for name in names}, kept)

    def is_lost(self, outputs: Tensors) -> bool:
        """Whether items of a tolerant map are missing among the outputs because they failed."""
        if self.segment.tolerant is None:
            return False
        flows = (outputs[flow.name] for flow in self.segment.outputs if flow.optional)
        return any(item[:1] == LOST for tensor in flows for item in tensor.array.flat)
