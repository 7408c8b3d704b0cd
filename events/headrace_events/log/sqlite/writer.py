"""The one thread of a process that writes: what waits while a commit is under way is committed together with the next."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headrace_events.log.contract import Closed, LogError, NoRoom
from headrace_events.log.sqlite.places import Places
from headrace_events.log.sqlite.sweep import sweep
from headrace_events.log.sqlite.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], T]

STIRRED = 1 << 31
"""Beside the place of a topic's first partition it says that seats of the topic have changed."""

_MOST_TOGETHER = 1_000
_SWEEP_S = 1.0
_FULL = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE))


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: asyncio.Future[Any] | None
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """In the loop: whoever still waits learns what became of it."""
        if self.future is None or self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@dataclass(slots=True)
class Writer:
    """Commits work in the order in which it comes.

    Attributes:
        connection: the thread's own from :meth:`start` on.
        most_bytes: largest value of a record.
        clock: gives the time of an append, in Unix seconds.
        bury: takes what is left of processes that are gone out of the file, by their bells.
        grown: told of the partitions that got records, after the commit, in the thread; gives the bells of processes that are gone.
    """

    connection: sqlite3.Connection
    most_bytes: int
    clock: Callable[[], float]
    grown: Callable[[frozenset[int]], frozenset[str]]
    bury: Callable[[Transaction, frozenset[str]], None]
    _jobs: queue.SimpleQueue[_Job | None] = field(default_factory=queue.SimpleQueue[_Job | None])
    _places: Places = field(default_factory=Places)
    _sweep_at_s: float = 0.0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take work."""
        self._thread = threading.Thread(target=self._main, name="headrace-log", daemon=True)
        self._thread.start()

    async def do(self, work: Work[T]) -> T:
        """What ``work`` gives, once it is committed; or what it raises, and then nothing of it is written."""
        if self._thread is None:
            raise Closed("the log is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(work, future))
        return await future

    async def stop(self) -> None:
        """Finish what was asked for, then end."""
        thread, self._thread = self._thread, None
        if thread:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def _main(self) -> None:
        try:
            while jobs := self._next():
                self._commit(jobs)
                self._sweep()
        finally:
            self.connection.close()

    def _next(self) -> list[_Job]:
        """What waits, at least one; nothing at the end."""
        jobs: list[_Job] = []
        try:
            job = self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == _MOST_TOGETHER:
                    return jobs
                job = self._jobs.get_nowait()
        except queue.Empty:
            return jobs
        if jobs:
            self._jobs.put(None)  # the end comes behind them
        return jobs

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            grown = self._transact(jobs)
        except sqlite3.Error as error:
            self._take_back()
            if len(jobs) > 1:  # one that has no room takes no other with it
                for job in jobs:
                    self._commit([job])
                return
            jobs[0].error, grown = _refusal(error), frozenset[int]()
        if grown and (gone := self.grown(grown)):
            self._jobs.put(_Job(lambda transaction: self.bury(transaction, gone), None))
        self._tell(jobs)

    def _transact(self, jobs: Sequence[_Job]) -> frozenset[int]:
        self.connection.execute("BEGIN IMMEDIATE")
        transaction = Transaction(self.connection, self._places, self.most_bytes, self.clock())
        for job in jobs:
            job.error = None
            try:
                job.result = job.work(transaction)
            except LogError as error:
                job.error = error
        transaction.finish()
        self.connection.execute("COMMIT")
        return frozenset(transaction.grown | {place | STIRRED for place in transaction.stirred})

    def _take_back(self) -> None:
        self._places.forget()
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _sweep(self) -> None:
        """Now and then drop what is too old, with the appends that make it so."""
        if time.monotonic() < self._sweep_at_s:
            return
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            is_done = sweep(self.connection, self.clock())
            self.connection.execute("COMMIT")
        except sqlite3.Error:  # later, then: nobody waits for it
            self._take_back()
            is_done = True
        self._sweep_at_s = time.monotonic() + _SWEEP_S if is_done else 0.0

    def _tell(self, jobs: Sequence[_Job]) -> None:
        loop = next((job.future.get_loop() for job in jobs if job.future), None)
        with suppress(RuntimeError):  # the loop is closed, and nobody left to be told
            if loop:
                loop.call_soon_threadsafe(_tell_all, jobs)


def _tell_all(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.tell()


def _refusal(error: sqlite3.Error) -> LogError:
    if error.sqlite_errorcode in _FULL:
        return NoRoom(f"the disk of the log is full: {error}")
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return LogError("another process holds the log and does not let go: is it stopped in a debugger?")
    return LogError(f"the log's file fails: {error}")
