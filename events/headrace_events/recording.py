"""Keeps the record of each run on disk as it is folded: what ``logs``, ``report`` and ``run --from`` read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from headrace_dags.errors import EnvironmentLack
from headrace_events.codec.events import Envelope
from headrace_events.engine import payloads
from headrace_events.engine.events import Outcome
from headrace_events.engine.inbox import Envelope as Recorded
from headrace_events.engine.readback import arrived
from headrace_events.engine.record import RunFolder
from headrace_events.engine.state import Folded
from headrace_events.log.contract import Entry
from headrace_events.orchestrator.live import LiveRun

_KEPT = 10_000


@dataclass
class Recorder:
    """An :class:`~headrace_events.orchestrator.replica.Observer` that writes.

    Attributes:
        folder_of: where the record of a run lies.
    """

    folder_of: Callable[[str], RunFolder]
    _last: OrderedDict[str, int] = field(default_factory=OrderedDict[str, int], init=False)
    _unwritten: dict[str, tuple[Outcome, float]] = field(default_factory=dict[str, tuple[Outcome, float]], init=False)

    def folded(self, live: LiveRun, envelope: Envelope, entry: Entry, folded: Folded) -> None:
        """Add an event, unless it was recorded before the crash of whoever folded it first.

        A record for which there is no room lacks it: the run goes on, and the log has it.
        """
        del folded
        with suppress(EnvironmentLack, ValueError):  # a part that is not what it says fails whoever takes it
            self._write(live, envelope, entry)

    def ended(self, outcome: Outcome, at_s: float) -> None:
        """Write down how a run ended, as soon as there is room; one that never began has no record."""
        self._last.pop(outcome.run, None)
        self._unwritten[outcome.run] = outcome, at_s
        with suppress(EnvironmentLack):
            while self._unwritten:
                self._finish(*next(iter(self._unwritten.values())))

    def _write(self, live: LiveRun, envelope: Envelope, entry: Entry) -> None:
        run = live.state.run
        folder = self.folder_of(run)
        if entry.offset <= self._known(live, folder):
            return
        parts = {name: payloads.write(part.tensor()) for name, part in envelope.parts.items()}
        with folder.writing() as write:
            write(entry.offset, entry.at_s, Recorded(envelope.event, parts))
        self._last[run] = entry.offset

    def _finish(self, outcome: Outcome, at_s: float) -> None:
        folder = self.folder_of(outcome.run)
        if folder.plan.exists() and not folder.outcome.exists():
            folder.finish(outcome, at_s)
        del self._unwritten[outcome.run]

    def _known(self, live: LiveRun, folder: RunFolder) -> int:
        """The offset of the last event that is recorded."""
        run = live.state.run
        if run not in self._last:
            if not folder.inbox.exists():
                folder.begin(live.deployed.plan, run)
                folder.durable.touch()
            self._last[run] = max((each.offset for each in arrived(folder, None)), default=-1)
            while len(self._last) > _KEPT:
                self._last.popitem(last=False)
        return self._last[run]
