"""Drives requests through a mapper: stages in one thread, as a model of their own has one; calls beside it, in bounds."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from itertools import count

from headrace_serving import blame
from headrace_serving.codec import blank
from headrace_serving.failure import TaskFailure
from headrace_serving.mapper.chunks import Tensors, blamed, chunks, gathered, items_of
from headrace_serving.mapper.job import Job, OpenCall, Outcome, ServerSaid, Unit
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.mapper.slots import Slots
from headrace_serving.runner import PROBE, Request, Runner

IN_FLIGHT = 8
"""Calls of one mapper at once, over all its requests: enough to keep the models behind it busy, and few to wait for."""

Caller = Callable[[str, Request], "Future[Outcome]"]
"""Begins a call of a model and returns at once. The future is cancelled where nobody waits for the call any more."""

Event = tuple[Job, Callable[[], None]]
"""What is to be done for a request, in the mapper's thread."""

_LOOK_S = 0.05
"""How often it is asked who has gone: that takes no time to speak of, and a model is busy for longer with what it is spared."""


class Drive:
    """A mapper that runs.

    Args:
        program: what it runs and calls.
        call: calls a model; is called from any thread.
    """

    def __init__(self, program: MapperProgram, call: Caller) -> None:
        self._program = program
        self._call = call
        self._slots = Slots(IN_FLIGHT)
        self._numbers = count()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._live: set[Job] = set()
        self._stages: list[Runner] = []
        self._loaded: Future[None] = Future()
        self._thread = threading.Thread(target=self._main, name=f"headrace-{program.name}", daemon=True)

    def start(self) -> Future[None]:
        """Load the stages, in the thread that they run in; the future fails with TaskFailed as a ``Runner`` does."""
        self._thread.start()
        return self._loaded

    def stop(self, patience_s: float) -> None:
        """End the thread; one that is inside a body is left behind after so many seconds."""
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def run(self, request: Request, done: Callable[[Outcome], None], gone: Callable[[], bool]) -> None:
        """Run a request; returns at once.

        Args:
            request: its tensors are the mapper's own.
            done: told of the outcome, in the mapper's thread.
            gone: whether nobody waits for it any more; asked in the mapper's thread.
        """
        job = Job(next(self._numbers), self._program, request, done, gone)
        self._events.put((job, partial(self._begin, job)))

    def _main(self) -> None:
        if not self._loaded.set_running_or_notify_cancel():
            return
        try:
            self._stages += [Runner(stage) for stage in self._program.stages]
        except BaseException as error:  # noqa: BLE001  # goes to whoever waits for the start
            self._loaded.set_exception(error)
            return
        self._loaded.set_result(None)
        for job, act in self._coming():
            try:
                act()
            except Exception as error:  # noqa: BLE001  # a fault of ours ends its request, not the mapper
                self._end(job, blame.internal(error, f"mapper {self._program.name} failed"))

    def _coming(self) -> Iterator[Event]:
        """Events until the end. Now and then the requests are ended that nobody waits for any more."""
        look_at_s = 0.0
        while True:
            if self._live and time.monotonic() >= look_at_s:
                for job in [job for job in self._live if job.gone()]:
                    self._end(job, _CANCELLED)
                look_at_s = time.monotonic() + _LOOK_S
            try:
                event = self._events.get(timeout=_LOOK_S if self._live else None)
            except queue.Empty:
                continue
            if event is None:
                return
            yield event

    def _begin(self, job: Job) -> None:
        if job.request.id.startswith(PROBE):
            self._end(job, {flow.name: blank(flow, 0 if flow.many else 1) for flow in self._program.outputs})
        else:
            self._live.add(job)
            self._advance(job)

    def _advance(self, job: Job) -> None:
        """Do all that can be done now."""
        while not job.ended and (unit := job.next()):
            if job.gone():
                self._end(job, _CANCELLED)
            elif unit.is_call:
                self._open(job, unit)
            else:
                self._stage(job, unit)
        if not job.ended and job.is_whole:
            self._end(job, job.given(self._program.outputs))

    def _stage(self, job: Job, unit: Unit) -> None:
        (answer,) = self._stages[unit.number].run([Request(job.request.id, job.given(unit.inputs))])
        if isinstance(answer, TaskFailure):
            self._end(job, answer)
        else:
            job.known.update(answer)

    def _open(self, job: Job, unit: Unit) -> None:
        """Begin a call: its chunks wait for free slots. Without items there is none."""
        call, tensors = self._program.calls[unit.number], job.given(unit.inputs)
        items = items_of(call, tensors)
        if isinstance(items, TaskFailure):
            self._end(job, items)
        elif not items:
            job.known.update(gathered(call, ()))
        else:
            cut = chunks(call, tensors, items)
            job.calls[unit.number] = OpenCall(items, [{}] * len(cut), len(cut))
            self._slots.put(
                job.number, [partial(self._start, job, unit.number, at, part) for at, part in enumerate(cut)]
            )

    def _start(self, job: Job, call: int, chunk: int, tensors: Tensors) -> None:
        """Call a model for one chunk; in any thread."""
        try:
            future = self._call(self._program.models[call], Request(job.request.id, tensors))
        except Exception as error:  # noqa: BLE001  # as if the call itself had failed
            future = Future()
            future.set_exception(error)
        job.under_way.add(future)
        future.add_done_callback(partial(self._called, job, call, chunk))
        if job.ended:  # meanwhile, in the mapper's thread, which may not have seen this call
            future.cancel()

    def _called(self, job: Job, call: int, chunk: int, future: Future[Outcome]) -> None:
        """A chunk came back; in any thread."""
        job.under_way.discard(future)
        outcome = _outcome(future, self._program.models[call])
        if isinstance(outcome, TaskFailure | ServerSaid):
            self._slots.drop(job.number)
        else:
            self._slots.done(job.number)
        self._events.put((job, partial(self._took, job, call, chunk, outcome)))

    def _took(self, job: Job, call: int, chunk: int, outcome: Outcome) -> None:
        if job.ended:
            return
        if isinstance(outcome, TaskFailure):
            self._end(job, blamed(outcome, self._program.calls[call], chunk, job.calls[call].items))
        elif isinstance(outcome, ServerSaid):
            self._end(job, outcome)
        elif job.take(call, chunk, outcome):
            self._advance(job)

    def _end(self, job: Job, outcome: Outcome) -> None:
        """Tell of the outcome; what still runs for the request is of no use any more."""
        if not job.ended:
            job.ended = True
            self._live.discard(job)
            self._slots.drop(job.number)
            for future in tuple(job.under_way):
                future.cancel()
            job.done(outcome)


def _outcome(future: Future[Outcome], model: str) -> Outcome:
    """What a call came to that has come back."""
    if future.cancelled():
        return _CANCELLED
    error = future.exception()
    return blame.internal(error, f"the call of {model} failed") if error else future.result()


_CANCELLED = TaskFailure(kind="cancelled", message="cancelled by the run")
