"""Whether a model may be called now, for callers that must not wait on a dead process. Knows no server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Incident:
    """Why the calls in flight on a model will not be answered.

    Attributes:
        model: the model whose process died, perhaps a member of the one that was called; empty for the whole server.
        how: what happened, e.g. ``process 4711 of model ocr was killed by SIGKILL``.
    """

    model: str
    how: str


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """A time in which a model answers.

    Attributes:
        incident: set the moment the epoch ends: cancel the call, wait for the next epoch, call again.
        calls: the tasks that are to be cancelled at that moment.
    """

    incident: asyncio.Future[Incident]
    calls: set[asyncio.Task[Any]] = field(default_factory=set[asyncio.Task[Any]])

    def end(self, incident: Incident) -> None:
        """Tell every call of the incident."""
        self.incident.set_result(incident)
        for call in self.calls:
            call.cancel()


class Gate:
    """Lets calls to one model through while it is healthy.

    Calls that were in flight at several incidents may be their cause. They are let through alone, so that a call that
    kills its model's process takes no other with it and is known for what it is.

    Attributes:
        failure: why the gate is closed for good; ``None`` while there is hope.
        verdicts: calls that came to an end other than an incident; a model that gives some is alive.
    """

    def __init__(self) -> None:
        self.verdicts = 0
        self._epoch: Epoch | None = None
        self.failure: Exception | None = None
        self._news = asyncio.Event()
        self._inside = 0
        self._alone = False
        self._loners = 0
        self._left = asyncio.Event()

    def open(self) -> None:
        """Begin an epoch, unless one is on."""
        if self._epoch is None:
            self._epoch = Epoch(asyncio.get_running_loop().create_future())
            self._news.set()

    def close(self, incident: Incident) -> None:
        """End the epoch: every call in flight learns it now."""
        if self._epoch:
            self._epoch.end(incident)
            self._epoch = None
        if self.failure is None:
            self._news.clear()

    def fail(self, failure: Exception) -> None:
        """Close for good: whoever waits or comes later gets ``failure``."""
        self.failure = failure
        self.close(Incident("", str(failure)))
        self._news.set()

    async def wait(self) -> Epoch:
        """Wait until the model answers.

        Raises:
            Exception: the failure that closed the gate for good.
        """
        while True:
            if self.failure:
                raise self.failure.with_traceback(None)  # shared by all who wait; each would lengthen its traceback
            if self._epoch:
                return self._epoch
            await self._news.wait()

    async def enter(self, *, alone: bool) -> Epoch:
        """Go inside, together with other calls or ``alone``; gives the epoch to call in. Ends with :meth:`leave`.

        Raises:
            Exception: the failure that closed the gate for good.
        """
        await self._take_place(alone=alone)
        try:
            return await self.wait()
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Make room: for one that has to be alone, or for all others."""
        self._inside -= 1
        self._alone = False
        self._left.set()

    async def _take_place(self, *, alone: bool) -> None:
        self._loners += alone
        try:
            # Who has to be alone goes first, or a steady stream of others would keep it out for ever.
            while self._alone or (self._inside if alone else self._loners):
                self._left.clear()
                await self._left.wait()
        finally:
            self._loners -= alone
            self._left.set()
        self._inside += 1
        self._alone = alone
