"""Execute one order: fetch, call, publish. Whatever comes of it, the run hears of it once the log has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headrace_dags.errors import EnvironmentLack
from headrace_dags.plan.model import Segment
from headrace_events.codec.events import Home
from headrace_events.codec.orders import Order
from headrace_events.codec.parts import Part
from headrace_events.engine.events import Event, Failed, Result, Started, Timing
from headrace_events.engine.work import LONGEST_MESSAGE, TELLING_S
from headrace_events.log.contract import Log, NoRoom, Oversize
from headrace_events.worker.exchanging import Exchanging
from headrace_events.worker.streaming import Stream
from headrace_serving.failure import FailureKind, TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Executor, Recalled, Task
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import lost

LATE_S = 0.5
"""How much longer than the limit an executor may take to give up by itself, in seconds."""

_PAUSE_S = 0.5
_NOTHING: Mapping[str, Part] = {}


class _Watch:
    """Takes the time between the stages of a task."""

    def __init__(self, queue_s: float) -> None:
        self._last = time.monotonic()
        self._stages: dict[str, float] = {"queue_s": max(0.0, queue_s)}

    def lap(self, stage: str) -> None:
        """The stage that just ended took the time since the last lap."""
        now = time.monotonic()
        self._stages[stage] = now - self._last
        self._last = now

    @property
    def timing(self) -> Timing:
        """Where the time went so far."""
        return Timing(**self._stages)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker executes tasks with.

    Attributes:
        log: takes what comes of them.
        inbox: its topic for that.
        executor: serves the segments; entered by whoever runs the worker.
        exchanging: moves tensors.
    """

    log: Log
    inbox: str
    executor: Executor
    exchanging: Exchanging

    async def execute(self, order: Order, segment: Segment, queue_s: float) -> None:
        """Execute a task and publish what came of it.

        Args:
            order: the task.
            segment: whose.
            queue_s: how long the order waited.
        """
        watch = _Watch(queue_s)
        starting = asyncio.create_task(self._tell_started(order))
        try:
            failure = await self._attempt(order, segment, watch)
        finally:
            starting.cancel()
        if failure is not None:
            await self.fail(order, failure, watch.timing)

    async def _tell_started(self, order: Order) -> None:
        """A task takes a while: those who look on see it run."""
        await asyncio.sleep(TELLING_S)
        await self.publish(order, Started(task=order.head.task))

    async def fail(self, order: Order, failure: TaskFailure, timing: Timing | None = None) -> None:
        """Publish that a task failed."""
        event = Failed(task=order.head.task, failure=failure, timing=timing or Timing())
        try:
            await self.publish(order, event)
        except (Oversize, ValueError) as error:  # too large, or made of what is no text
            await self.publish(order, event.model_copy(update={"failure": told("internal", str(error))}))

    async def publish(self, order: Order, event: Event, parts: Mapping[str, Part] = _NOTHING) -> None:
        """Append an event of the order's run to its inbox, however long the disk is full.

        Raises:
            LogError: the log refuses this record.
        """
        draft = Home(self.inbox, order.head.partition, order.head.run, order.trace).draft(event, parts)
        while True:
            try:
                await self.log.append(draft)
            except NoRoom:
                await asyncio.sleep(_PAUSE_S)
            else:
                return

    async def _attempt(self, order: Order, segment: Segment, watch: _Watch) -> TaskFailure | None:
        """Publish the result of a task, or say why there is none."""
        try:
            inputs = await self.exchanging.inputs(order, segment.inputs)
            watch.lap("fetch_s")
            outputs = await self._timed(order, segment, inputs, watch)
            await self._result(order, segment, outputs, watch)
        except asyncio.CancelledError:
            if (job := asyncio.current_task()) is None or job.cancelling():
                raise
            return told("unavailable", "the executor dropped the call")
        except Exception as error:  # noqa: BLE001 - whatever breaks here breaks this task alone
            return _failure(error)
        return None

    async def _timed(
        self, order: Order, segment: Segment, inputs: Mapping[str, Tensor], watch: _Watch
    ) -> Mapping[str, Tensor]:
        try:
            return await self._call(order, segment, inputs)
        finally:
            watch.lap("compute_s")

    async def _call(self, order: Order, segment: Segment, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Call the executor, which keeps the limit itself; one that does not is left."""
        head, limit_s = order.head, order.head.timeout_s
        task = Task(id=order.id, prefix=f"{head.tenant}/{head.run}", segment=segment.name, deadline_s=limit_s)
        guard = asyncio.timeout(None if limit_s is None else limit_s + LATE_S)
        try:
            async with guard:
                if segment.stream is None:
                    return await self.executor.call(task, inputs)
                return await self._stream(order, segment, task, inputs)
        except TimeoutError as error:
            if not guard.expired():
                raise
            raise TaskFailed(told("timeout", f"no answer within {limit_s:g} s")) from error

    async def _stream(
        self, order: Order, segment: Segment, task: Task, inputs: Mapping[str, Tensor]
    ) -> Mapping[str, Tensor]:
        flow = segment.outputs[0]
        have = await self.exchanging.joined(order, order.head.have, flow) if order.head.have else None
        items = [have.cut(place, place + 1) for place in range(have.items)] if have else []
        stream = Stream(order, flow, self.exchanging, self.publish, items)
        await self.executor.stream(task.model_copy(update={"have": len(items)}), inputs, stream.take)
        return stream.whole()

    async def _result(self, order: Order, segment: Segment, outputs: Mapping[str, Tensor], watch: _Watch) -> None:
        flows = {flow.name: flow for flow in segment.outputs if flow.name in outputs}
        tensors = {name: outputs[name] for name in flows}
        packed, parts = await self.exchanging.pack(f"{order.head.tenant}/{order.head.run}", tensors, flows)
        failures = _lost(tensors.values()) if segment.tolerant is not None else []
        watch.lap("publish_s")
        event = Result(
            task=order.head.task,
            outputs=packed,
            timing=watch.timing,
            lost=len(failures),
            cached=outputs.kept if isinstance(outputs, Recalled) else 0,
            failure=next((failure.model_copy(update={"item": item}) for item, failure in failures), None),
        )
        await self.publish(order, event, parts)


def _failure(error: Exception) -> TaskFailure:
    match error:
        case TaskFailed():
            return error.failure
        case EnvironmentLack():
            return told("environment", str(error))
        case FileNotFoundError():
            return told("internal", f"an object of the run is not there: {error}")
        case OSError():
            return told("unavailable", f"{type(error).__name__}: {error}")
        case _:
            return told("internal", f"{type(error).__name__}: {error}")


def told(kind: FailureKind, message: str) -> TaskFailure:
    """A failure that can be written, whatever an exception's text is made of."""
    text = message[:LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode()
    return TaskFailure(kind=kind, message=text)


def _lost(outputs: Iterable[Tensor]) -> list[tuple[int, TaskFailure]]:
    """The items of a tolerant map that failed; an item fails in all outputs at once."""
    return next((found for tensor in outputs if tensor.datatype == "BYTES" and (found := list(lost(tensor)))), [])
