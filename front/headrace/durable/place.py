"""Where the engine of a state folder keeps everything: its log, its objects, its records."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from headrace.disk import writing
from headrace.runs import State
from headrace_dags.errors import EnvironmentLack, Problem
from headrace_events.engine.record import RunFolder
from headrace_events.engine.runid import state_secret
from headrace_events.log.contract import NoRoom, Unfit
from headrace_events.log.sqlite.log import SqliteLog
from headrace_events.topics import Topics
from headrace_serving.objects.file import FileStore

TOPICS = Topics(partitions=4, task_partitions=4)
"""Fixed for a log: the ids of runs name its partitions."""

_ELSEWHERE = "set HEADRACE_STATE to a folder elsewhere (`headrace clean` frees space)"


@dataclass(frozen=True, slots=True)
class Place:
    """The engine of a state folder.

    Attributes:
        state: the folder.
    """

    state: State

    @property
    def store(self) -> FileStore:
        """The object store."""
        return FileStore(self.state.objects)

    @property
    def secret(self) -> bytes:
        """What run ids are signed with.

        Raises:
            EnvironmentLack: the state folder cannot be written.
        """
        with writing(self.state.root, "runs", _ELSEWHERE):
            return state_secret(self.state.root)

    def record(self, run: str) -> RunFolder:
        """Where the record of a run lies."""
        return RunFolder(self.state.runs / run)

    @asynccontextmanager
    async def log(self) -> AsyncGenerator[SqliteLog]:
        """The log, open, with its topics.

        Raises:
            EnvironmentLack: it cannot be opened (``log-unfit``), or its disk is full (``log-full``).
        """
        folder = self.state.root / "log"
        try:
            log = await SqliteLog.open(folder)
        except Unfit as error:
            raise EnvironmentLack(Problem("log-unfit", str(folder), str(error), write=_ELSEWHERE)) from None
        try:
            await log.declare(TOPICS.shared())
            yield log
        except NoRoom as error:
            write = "Free some space (`headrace clean`)"
            raise EnvironmentLack(Problem("log-full", str(folder), "the log needs room", str(error), write)) from None
        finally:
            await log.close()
