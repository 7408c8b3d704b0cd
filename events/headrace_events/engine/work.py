"""Execute one task: wait for a place in the segment's window, fetch the inputs, call, publish. What a worker does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping

from headrace_dags.errors import EnvironmentLack
from headrace_dags.plan.model import Plan, Segment
from headrace_events.engine.events import Event, Failed, IssueTask, Payload, Result, Started, TaskKey, Timing
from headrace_events.engine.exchange import Exchange
from headrace_events.engine.inbox import Inbox
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.streaming import Streams
from headrace_events.log.contract import Oversize
from headrace_serving.failure import FailureKind, TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Executor, Recalled, Task
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import lost

LATE_S = 0.5
"""How much longer than the limit an executor may take to give up by itself, in seconds."""

TELLING_S = 0.1
"""A task that is through sooner has no event of its start: its result says when that was, and half of all events are saved."""

LONGEST_MESSAGE = 3_000


class _Watch:
    """Takes the time between the stages of a task."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """The stage that just ended took the time since the last lap."""
        now = time.monotonic()
        self._stages[stage] = now - self._last
        self._last = now

    @property
    def timing(self) -> Timing:
        """Where the time went so far."""
        return Timing(**self._stages)


class Worker:
    """Executes the tasks of one run.

    Attributes:
        lack: what the machine turned out to lack while a task ran.
    """

    def __init__(
        self, plan: Plan, executor: Executor, exchange: Exchange, inbox: Inbox, settings: ShellSettings
    ) -> None:
        self._plan = plan
        self._executor = executor
        self._exchange = exchange
        self._inbox = inbox
        self._prefix = settings.prefix(inbox.run)
        self._streams = Streams(exchange, inbox)
        self._windows = {each.name: asyncio.Semaphore(settings.window(each)) for each in plan.segments}
        self.lack: EnvironmentLack | None = None
        self._telling: set[asyncio.Task[Event]] = set()

    async def execute(self, command: IssueTask) -> None:
        """Execute a task and publish what became of it."""
        watch = _Watch()
        async with self._windows[command.task.segment]:
            watch.lap("queue_s")
            starting = asyncio.get_running_loop().call_later(TELLING_S, self._tell_started, command.task)
            try:
                failure = await self._attempt(command, watch)
            finally:
                starting.cancel()
            if failure is not None:
                await self._fail(Failed(task=command.task, failure=failure, timing=watch.timing))

    def _tell_started(self, task: TaskKey) -> None:
        """A task takes a while: those who look on see it run."""
        telling = asyncio.create_task(self._inbox.append(Started(task=task)))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _fail(self, event: Failed) -> None:
        try:
            await self._inbox.append(event)
        except (Oversize, ValueError) as error:  # too large, or made of what is no text
            await self._inbox.append(event.model_copy(update={"failure": _failure("internal", str(error))}))

    async def _attempt(self, command: IssueTask, watch: _Watch) -> TaskFailure | None:
        """Publish the result of a task, or say why there is none."""
        try:
            outputs = await self._compute(command, watch)
            await self._result(command, outputs, watch)
        except TaskFailed as error:
            return error.failure
        except EnvironmentLack as error:
            self.lack = error
            return _failure("environment", str(error))
        except asyncio.CancelledError:
            if (job := asyncio.current_task()) is None or job.cancelling():
                raise
            return _failure("unavailable", "the executor dropped the call")
        except Exception as error:  # noqa: BLE001 - whatever breaks here breaks this task alone
            return _failure("internal", f"{type(error).__name__}: {error}")
        return None

    async def _compute(self, command: IssueTask, watch: _Watch) -> Mapping[str, Tensor]:
        segment = self._plan.by_name[command.task.segment]
        inputs = {flow.name: await self._exchange.fetch(command.inputs[flow.name], flow) for flow in segment.inputs}
        watch.lap("fetch_s")
        try:
            return await self._call(command, segment, inputs)
        finally:
            watch.lap("compute_s")

    async def _call(self, command: IssueTask, segment: Segment, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Call the executor, which keeps the limit itself; one that does not is left."""
        limit_s = command.timeout_s
        task = Task(
            id=f"{self._inbox.run}/{command.task}", prefix=self._prefix, segment=segment.name, deadline_s=limit_s
        )
        guard = asyncio.timeout(None if limit_s is None else limit_s + LATE_S)
        try:
            async with guard:
                if segment.stream is None:
                    return await self._executor.call(task, inputs)
                stream = self._streams.of(command.task, segment)
                await self._executor.stream(task.model_copy(update={"have": len(stream.items)}), inputs, stream.take)
                return stream.whole()
        except TimeoutError as error:
            if not guard.expired():
                raise
            raise TaskFailed(_failure("timeout", f"no answer within {limit_s:g} s")) from error

    async def _result(self, command: IssueTask, outputs: Mapping[str, Tensor], watch: _Watch) -> None:
        segment = self._plan.by_name[command.task.segment]
        flows = {flow.name: flow for flow in segment.outputs if flow.name in outputs}
        tensors = {name: outputs[name] for name in flows}
        packed, parts = await self._exchange.pack(tensors, flows)
        failures = _lost(tensors.values()) if segment.tolerant is not None else []
        watch.lap("publish_s")
        event = Result(
            task=command.task,
            outputs=packed,
            timing=watch.timing,
            lost=len(failures),
            cached=outputs.kept if isinstance(outputs, Recalled) else 0,
            failure=next((failure.model_copy(update={"item": item}) for item, failure in failures), None),
        )
        placed = await self._inbox.append(event, parts)
        self._exchange.keep(_outputs(placed), tensors)


def _lost(outputs: Iterable[Tensor]) -> list[tuple[int, TaskFailure]]:
    """The items of a tolerant map that failed; an item fails in all outputs at once."""
    return next((found for tensor in outputs if tensor.datatype == "BYTES" and (found := list(lost(tensor)))), [])


def _outputs(event: Event) -> Mapping[str, Payload]:
    return event.outputs if isinstance(event, Result) else {}


def _failure(kind: FailureKind, message: str) -> TaskFailure:
    """A failure that can be written, whatever an exception's text is made of."""
    text = message[:LONGEST_MESSAGE].encode("utf-8", "backslashreplace").decode()
    return TaskFailure(kind=kind, message=text)
