"""A run's record as it is read: events with their places and times, the outcome, the tensors of payloads. Changes nothing."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from headrace_dags.errors import BadInput, Problem
from headrace_dags.plan.model import Flow, Plan
from headrace_dags.record import Record
from headrace_events.engine import payloads
from headrace_events.engine.events import Event, Outcome, Payload, Piece
from headrace_events.engine.exchange import reference
from headrace_events.engine.record import Ending, InboxHeader, InboxLine, RunFolder
from headrace_events.engine.state import VERSION
from headrace_events.engine.wiring import output_flows
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import missing

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it was recorded.

    Attributes:
        event: what happened.
        offset: its place in the inbox.
        at_s: the log's time of its append, in Unix seconds.
        byte: where its line begins in ``inbox.jsonl``.
    """

    event: Event
    offset: int
    at_s: float
    byte: int


@dataclass(frozen=True)
class RunRecord:
    """One run.

    Attributes:
        folder: where it lies.
        run: its id.
        rules: version of the rules it was folded by.
        plan: what was run.
        events: its inbox, in order; of a run that was killed, what had come until then.
        ending: how it ended and when; ``None`` for a run that has not, or was killed.
    """

    folder: RunFolder
    run: str
    rules: int
    plan: Plan
    events: tuple[Recorded, ...]
    ending: Ending | None

    @staticmethod
    def read(path: Path) -> RunRecord:
        """Read the record in the folder ``path``. Inline payloads stay on disk until they are asked for.

        Raises:
            BadInput: there is none (``no-record``), or it cannot be read (``record-format``).
        """
        folder = RunFolder(path)
        if not folder.plan.exists():
            raise BadInput(Problem("no-record", str(path), "holds the record of a run", "no plan.json"))
        header, events = _inbox(folder.inbox)
        ending = _parsed(Ending, folder.outcome.read_bytes(), folder.outcome) if folder.outcome.exists() else None
        run, rules = (header.run, header.rules) if header else (path.name, VERSION)
        return RunRecord(folder, run, rules, _parsed(Plan, folder.plan.read_bytes(), folder.plan), events, ending)

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if it did."""
        return self.ending.outcome if self.ending else None

    def tensor(self, payload: Payload, store: ObjectStore, start: int = 0, stop: int | None = None) -> Tensor:
        """Items of a payload.

        Raises:
            FileNotFoundError: its object is gone.
            KeyError: the record has no such event.
        """
        if payload.key:
            with store.open(reference(payload)) as stream:
                return payloads.read_items(stream, start, stop)
        whole = payloads.read(b64decode(self._line(payload.offset).parts[payload.part]))
        return whole.cut(start, payload.items if stop is None else stop)

    def join(self, pieces: Sequence[Piece], flow: Flow, store: ObjectStore) -> Tensor:
        """The items of all ``pieces``, in order, as they travel on ``flow``.

        Raises:
            FileNotFoundError: an object is gone.
        """
        if not pieces:
            return payloads.empty(flow)
        return Tensor.join([self._piece(piece, store) for piece in pieces])

    def _piece(self, piece: Piece, store: ObjectStore) -> Tensor:
        if piece.payload is None:
            return missing(piece.stop - piece.start)
        return self.tensor(piece.payload, store, piece.start, piece.stop)

    def outputs(self, store: ObjectStore) -> Iterator[tuple[str, Flow, Tensor]]:
        """For each output of a run that succeeded: its name, how it travels, its items.

        Raises:
            FileNotFoundError: an object is gone.
        """
        flows = output_flows(self.plan)
        for name, pieces in (self.outcome.outputs if self.outcome else {}).items():
            yield name, flows[name], self.join(pieces, flows[name], store)

    @cached_property
    def _bytes(self) -> dict[int, int]:
        return {each.offset: each.byte for each in self.events}

    def _line(self, offset: int) -> InboxLine:
        with self.folder.inbox.open("rb") as file:
            file.seek(self._bytes[offset])
            return _parsed(InboxLine, file.readline(), self.folder.inbox)


def arrived(folder: RunFolder, after: Recorded | None) -> Iterator[Recorded]:
    """The events that have come since ``after``, or all; for a reader that looks again while the run goes on.

    Raises:
        BadInput: one cannot be read (``record-format``).
    """
    known = byte = after.byte if after else 0
    for text in _whole_lines(folder.inbox, byte):
        if byte != known:  # there stands the header, or the event itself
            yield _recorded(text, byte, folder.inbox)
        byte += len(text)


def _inbox(path: Path) -> tuple[InboxHeader | None, tuple[Recorded, ...]]:
    """The header and the events; a last line without its end was cut off in the middle and is left out."""
    header: InboxHeader | None = None
    events: list[Recorded] = []
    byte = 0
    for text in _whole_lines(path):
        if header is None:
            header = _parsed(InboxHeader, text, path)
        else:
            events.append(_recorded(text, byte, path))
        byte += len(text)
    return header, tuple(events)


def _recorded(text: bytes, byte: int, path: Path) -> Recorded:
    line = _parsed(InboxLine, text, path)
    return Recorded(line.event, line.offset, line.at_s, byte)


def _whole_lines(path: Path, byte: int = 0) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            file.seek(byte)
            yield from (line for line in file if line.endswith(b"\n"))


def _parsed(kind: type[R], text: bytes, path: Path) -> R:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        expected = f"is {kind.__name__} as this release writes it"
        first = error.errors()[0]
        got = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        problem = Problem("record-format", str(path), expected, got, "Read it with the release that wrote it")
        raise BadInput(problem) from error
