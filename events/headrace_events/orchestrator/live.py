"""A run that is under way, as one replica holds it: its state, and what is to be remembered beside that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from headrace_dags.record import Record
from headrace_events.codec.headers import NO_TRACE, Trace
from headrace_events.engine.events import Payload, TaskKey
from headrace_events.engine.state import RunState
from headrace_events.engine.statecodec import changed, forgotten
from headrace_events.plans import Deployed

ABOUT = "about"
REST = "rest"


class About(Record):
    """How a run was submitted: ``<run>/about``.

    Attributes:
        plan: digest of the plan it is pinned to.
        tenant: whose prefix of the object store it uses.
        priority: the higher, the earlier its tasks are ordered.
        trace: what it belongs to.
    """

    format: Literal["about/1"] = "about/1"
    plan: str
    tenant: str
    priority: int = 0
    trace: Trace = NO_TRACE


class Rest(Record):
    """What state and inbox do not tell: ``<run>/rest``.

    Attributes:
        timers: those that are set, and when they are due (Unix seconds).
        waiting: tasks that are not ordered yet: for each segment, in order, first and last chunk and the attempt.
        streams: the items of streams that are there already.
    """

    format: Literal["rest/1"] = "rest/1"
    timers: dict[str, float] = {}
    waiting: dict[str, tuple[tuple[int, int, int], ...]] = {}
    streams: dict[str, tuple[Payload, ...]] = {}

    def tasks(self) -> Iterator[TaskKey]:
        """The tasks that wait."""
        for segment, spans in self.waiting.items():
            for first, last, attempt in spans:
                for chunk in range(first, last + 1):
                    yield TaskKey(segment=segment, chunk=chunk, attempt=attempt)


def spans(tasks: Sequence[TaskKey]) -> tuple[tuple[int, int, int], ...]:
    """Tasks of a segment, neighbours of equal attempt together."""
    found: list[tuple[int, int, int]] = []
    for (_, attempt), some in groupby(enumerate(tasks), key=lambda each: (each[1].chunk - each[0], each[1].attempt)):
        chunks = [task.chunk for _, task in some]
        found.append((chunks[0], chunks[-1], attempt))
    return tuple(found)


@dataclass(slots=True)
class LiveRun:
    """A run.

    Attributes:
        about: how it was submitted.
        deployed: the plan it is pinned to.
        state: after the last event.
        timers: those that are set.
        streams: the items of streams, in order, by segment.
        saved: the state as the topic holds it; ``None``: not at all.
        saved_rest: the same of the rest.
    """

    about: About
    deployed: Deployed
    state: RunState
    timers: dict[str, float] = field(default_factory=dict[str, float])
    streams: dict[str, list[Payload]] = field(default_factory=dict[str, list[Payload]])
    saved: RunState | None = None
    saved_rest: bytes = b""

    @property
    def prefix(self) -> str:
        """Where its objects lie."""
        return f"{self.about.tenant}/{self.state.run}"

    def records(self, waiting: Mapping[str, Sequence[TaskKey]]) -> Iterator[tuple[str, bytes | None]]:
        """What is to be written so that the topic holds the run as it is now; takes it for written.

        Args:
            waiting: its tasks that are not ordered yet, by segment.
        """
        run = self.state.run
        if self.saved is None:
            yield f"{run}/{ABOUT}", self.about.model_dump_json().encode()
        yield from changed(self.saved, self.state, self.prefix)
        rest = Rest(
            timers=self.timers,
            waiting={segment: spans(tasks) for segment, tasks in waiting.items() if tasks},
            streams={segment: tuple(items) for segment, items in self.streams.items()},
        )
        if (text := rest.model_dump_json().encode()) != self.saved_rest:
            yield f"{run}/{REST}", text
        self.saved, self.saved_rest = self.state, text

    def tombstones(self) -> Iterator[tuple[str, None]]:
        """What is to be written so that the topic holds nothing of it."""
        if self.saved is not None:
            run = self.state.run
            yield from ((key, None) for key in (*forgotten(self.saved), f"{run}/{ABOUT}", f"{run}/{REST}"))
