"""A run on disk as it is written: its plan, its inbox event by event, its outcome. Reading is in ``readback``.

``plan.json`` is the plan. ``inbox.jsonl`` begins with a line that names run, plan and rules; each further line is an event
with its offset, its log time and, in base64, the payloads that the event holds itself. ``outcome.json`` is there once the
run has ended. Payloads that were spilled lie in the object store.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.plan.model import Plan
from headrace_dags.record import Record
from headrace_events.engine.events import Event, Outcome
from headrace_events.engine.inbox import Envelope
from headrace_events.engine.state import VERSION

Write = Callable[[int, float, Envelope], None]
"""Takes an event's offset, the log's time of its append (Unix seconds) and the event with what it holds itself."""


class InboxHeader(Record):
    """The first line of ``inbox.jsonl``.

    Attributes:
        run: the run's id.
        plan: digest of the plan it is pinned to.
        rules: version of the rules it is folded by.
    """

    format: Literal["inbox/1"] = "inbox/1"
    run: str
    plan: str
    rules: int


class InboxLine(Record):
    """One event of ``inbox.jsonl``.

    Attributes:
        offset: its place in the inbox.
        at_s: the log's time of its append, in Unix seconds.
        event: what happened.
        parts: the encoded tensors it holds itself, in base64.
    """

    offset: int
    at_s: float
    event: Event
    parts: dict[str, str] = {}


class Ending(Record):
    """``outcome.json``: the outcome and when the event came that led to it (Unix seconds)."""

    format: Literal["ending/1"] = "ending/1"
    at_s: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run. Holds no open file."""

    path: Path

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.path / "plan.json"

    @property
    def inbox(self) -> Path:
        """The events."""
        return self.path / "inbox.jsonl"

    @property
    def outcome(self) -> Path:
        """How it ended."""
        return self.path / "outcome.json"

    @property
    def durable(self) -> Path:
        """Is there where the run is driven by the durable engine, and so goes on whoever started it."""
        return self.path / "durable"

    @property
    def server_log(self) -> Path:
        """What the server that executed it wrote."""
        return self.path / "server.log"

    def begin(self, plan: Plan, run: str) -> None:
        """Make the folder and write down what is to be run.

        Raises:
            EnvironmentLack: the folder cannot be written (``record-write``), or already holds a run (``record-taken``).
        """
        if self.inbox.exists():
            raise EnvironmentLack(
                Problem("record-taken", str(self.path), "a run has a folder of its own", "another run's")
            )
        header = InboxHeader(run=run, plan=plan.digest, rules=VERSION)
        with self._told():
            self.path.mkdir(parents=True, exist_ok=True)
            _put(self.plan, plan)
            with self.inbox.open("ab", buffering=0) as file:
                _add(file, header.model_dump_json().encode())

    @contextmanager
    def writing(self) -> Generator[Write]:
        """Gives what writes down an event, its place filled in; it is in the file system when that returns.

        Raises:
            EnvironmentLack: the folder cannot be written (``record-write``).
        """
        with self._told():
            file = self.inbox.open("ab", buffering=0)

        def write(offset: int, at_s: float, envelope: Envelope) -> None:
            with self._told():
                _add(file, _line(offset, at_s, envelope))

        with file:
            yield write

    def finish(self, outcome: Outcome, at_s: float) -> None:
        """Write down how the run ended.

        Raises:
            EnvironmentLack: the folder cannot be written (``record-write``).
        """
        with self._told():
            _put(self.outcome, Ending(at_s=at_s, outcome=outcome))

    @contextmanager
    def _told(self) -> Generator[None]:
        """Tells in a person's words why the file system refused."""
        try:
            yield
        except OSError as error:
            write = "Free some space (headrace clean), or set HEADRACE_STATE to a folder that can be written"
            problem = Problem("record-write", str(self.path), "a run writes down what happens", str(error), write)
            raise EnvironmentLack(problem) from error


def _put(path: Path, content: Record) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(content.model_dump_json(), encoding="utf-8")
    part.replace(path)


def _line(offset: int, at_s: float, envelope: Envelope) -> bytes:
    """An :class:`InboxLine` as JSON, put together from that of its event: a run writes one with each event."""
    event = envelope.event.model_dump_json().encode()
    parts = b",".join(
        b'%b:"%b"' % (json.dumps(name).encode(), b64encode(data)) for name, data in envelope.parts.items()
    )
    return b'{"offset":%d,"at_s":%r,"event":%b,"parts":{%b}}' % (offset, at_s, event, parts)


def _add(file: FileIO, line: bytes) -> None:
    """Add a line: it is there whole or not at all, unless the process was killed in the middle of it."""
    end = file.tell()
    rest = memoryview(line + b"\n")
    try:
        while rest:  # a disk that fills up takes a part
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(end)
        file.seek(end)
        raise
