"""One instance of a model in a thread of its own, as a stub of Triton is one in a process of its own."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from headrace_dags.running.waiting import Waiting, for_whom
from headrace_serving.failure import TaskFailure
from headrace_serving.program import Program
from headrace_serving.runner import Answer, Request, Runner
from headrace_serving.runtimes.outlet import Outlet

_JOIN_S = 1.0


@dataclass(eq=False, slots=True)
class _Job:
    request: Request
    answer: Future[Answer] = field(default_factory=Future[Answer])
    outlet: Outlet | None = None
    is_given_up: bool = False
    waiting: Waiting | None = None

    @property
    def items(self) -> int:
        return next((tensor.items for tensor in self.request.tensors.values()), 0)

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self.is_given_up = True
        if self.waiting:
            self.waiting.leave(self)

    def begin(self, waiting: Waiting) -> None:
        """It is worked on, for ``waiting``."""
        self.waiting = waiting
        if self.is_given_up:  # a moment ago
            waiting.leave(self)


class Instance:
    """Loads a program and runs its requests, one after the other; a batched program's requests that wait, together.

    Everything happens in one thread, for bodies that are tied to the thread they were set up in; in several where the body
    is one that says otherwise. A thread cannot be ended while a body runs; it does not keep the interpreter from exiting.

    Args:
        program: what is run.
        hands: how many requests are worked on at once.
    """

    def __init__(self, program: Program, hands: int = 1) -> None:
        self._program = program
        self._hands = hands
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._loaded: Future[None] = Future()
        self._thread = threading.Thread(target=self._main, name=f"headrace-{program.name}", daemon=True)

    async def start(self) -> None:
        """Wait until the program is loaded.

        Raises:
            TaskFailed: a step failed to import or to set up.
        """
        self._thread.start()
        await asyncio.wrap_future(self._loaded)

    async def run(self, request: Request) -> Answer:
        """The answer to one request; when cancelled it is dropped, or ended if its body has begun and can be."""
        job = _Job(request)
        self._jobs.put(job)
        try:
            return await asyncio.wrap_future(job.answer)
        except asyncio.CancelledError:
            job.give_up()
            raise

    def stream(self, request: Request, ahead: int) -> Outlet:
        """Where the items of one request come out, of which at most ``ahead`` are made before they are taken."""
        outlet = Outlet(ahead)
        self._jobs.put(_Job(request, outlet=outlet))
        return outlet

    async def stop(self) -> None:
        """End the thread; one that is inside a body is left behind."""
        self._jobs.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _JOIN_S)

    def _main(self) -> None:
        if not self._loaded.set_running_or_notify_cancel():
            return
        try:
            runner = Runner(self._program)
        except BaseException as error:  # noqa: BLE001  # goes to whoever waits for the start
            self._loaded.set_exception(error)
            return
        for _ in range(self._hands - 1):
            threading.Thread(target=self._work, args=(runner,), name=self._thread.name, daemon=True).start()
        self._loaded.set_result(None)
        self._work(runner)

    def _work(self, runner: Runner) -> None:
        while jobs := self._next():
            self._stream(runner, jobs) if self._program.stream else self._answer(runner, jobs)

    def _next(self) -> list[_Job]:
        """The job that waits longest, and more of those that wait where they are batched; none at the end."""
        jobs: list[_Job] = []
        while not jobs or (self._program.batching and sum(job.items for job in jobs) < self._program.batching.size):
            try:
                job = self._jobs.get(block=not jobs)
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            if job.answer.set_running_or_notify_cancel():
                jobs.append(job)
        return jobs

    @staticmethod
    def _stream(runner: Runner, jobs: list[_Job]) -> None:
        for job in jobs:
            if job.outlet:
                job.outlet.fill(runner.stream(job.request))

    def _answer(self, runner: Runner, jobs: list[_Job]) -> None:
        waiting = Waiting(jobs)
        for job in jobs:
            job.begin(waiting)
        try:
            with for_whom(waiting):
                answers = runner.run([job.request for job in jobs])
        except BaseException as error:  # noqa: BLE001  # the thread must live on
            failure = TaskFailure(kind="internal", message=f"model {self._program.name} failed: {error!r}")
            answers = [failure] * len(jobs)
        for job, answer in zip(jobs, answers, strict=True):
            job.answer.set_result(answer)
