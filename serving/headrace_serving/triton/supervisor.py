"""Keeps one server answering: repairs a model whose process died, restarts a server that died, gives up within bounds.

Every repair runs in one task, one after the other: Triton's model control is not made for two at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headrace_serving.triton.errors import ControlFailed, ModelCrashed, ModelLoadFailed, ServerDead
from headrace_serving.triton.gate import Gate, Incident
from headrace_serving.triton.incarnation import Death, Incarnation

_REPAIRS_A_DEATH = 2
_WINDOW_S = 60.0
_RESTARTS = 3
_REPAIRS = 12


@dataclass(frozen=True, slots=True)
class Repaired:
    """A model answers again after its process had died.

    Attributes:
        model: its name.
        how: how the process died.
        outage_s: seconds from the death to the repair.
    """

    model: str
    how: str
    outage_s: float


@dataclass(frozen=True, slots=True)
class Restarted:
    """The whole server answers again after it had died or could not be repaired.

    Attributes:
        how: why it was restarted.
        outage_s: seconds from the news to the new server's readiness.
    """

    how: str
    outage_s: float


@dataclass(frozen=True, slots=True)
class GaveUp:
    """No call on ``model`` (empty: on any) will be answered again.

    Attributes:
        model: its name.
        error: what every call gets.
    """

    model: str
    error: Exception


ServerEvent = Repaired | Restarted | GaveUp


class Budget:
    """At most so many of something within a sliding window of time."""

    def __init__(self, count: int, window_s: float) -> None:
        self._count, self._window_s = count, window_s
        self._spent: deque[float] = deque()

    def spend(self, now_s: float) -> bool:
        """Spend one; false where the window holds no more."""
        while self._spent and self._spent[0] <= now_s - self._window_s:
            self._spent.popleft()
        if len(self._spent) >= self._count:
            return False
        self._spent.append(now_s)
        return True

    def refill(self) -> None:
        """Forget what was spent."""
        self._spent.clear()


class Supervisor:
    """Repairs and restarts, and opens and closes the gates of the models with it."""

    def __init__(
        self,
        first: Incarnation,
        launch: Callable[[], Awaitable[Incarnation]],
        on_event: Callable[[ServerEvent], None],
        dead: Callable[[str, str], ServerDead],
    ) -> None:
        self.gates = {model: Gate() for model in first.facts}
        self.incarnation = first
        self._launch = launch
        self._on_event = on_event
        self._dead = dead
        self._restarts = Budget(_RESTARTS, _WINDOW_S)
        self._repairs: dict[str, Budget] = {}
        self._verdicts: dict[str, int] = {}
        self._attend()

    async def supervise(self) -> None:
        """Repair what dies; returns when the server is given up."""
        while True:
            death = await self.incarnation.death()
            mended = bool(death.model) and await self._repaired(death)
            if not mended and not await self._restarted(death.how):
                return

    def fail(self, error: Exception) -> None:
        """Give every call ``error`` from now on."""
        for gate in self.gates.values():
            gate.fail(error)

    def _attend(self) -> None:
        """Take the current incarnation's news, and let calls in."""
        self.incarnation.on_death = self._close
        self._open()

    def _close(self, death: Death) -> None:
        """Turn away the calls that cannot be answered: at once, not when the repair begins."""
        affected = self.incarnation.dependents(death.model) if death.model else self.gates.keys()
        for model in affected:
            if model in self.gates:
                self.gates[model].close(Incident(death.model, death.how))

    def _open(self) -> None:
        wounded = self.incarnation.wounded
        closed = set[str]().union(*(self.incarnation.dependents(model) for model in wounded))
        for model, gate in self.gates.items():
            if "" not in wounded and model not in closed:
                gate.open()

    async def _repaired(self, death: Death) -> bool:
        """Whether ``death`` is dealt with; otherwise the server has to be restarted."""
        begin_s = time.monotonic()
        if not self._worth_it(death.model, begin_s):
            self._give_up(death)
            return True
        for _ in range(_REPAIRS_A_DEATH):
            try:
                await self.incarnation.repair(death.model)
            except (ModelLoadFailed, ControlFailed):
                if "" in self.incarnation.wounded:
                    return True
                continue
            self._open()
            self._on_event(Repaired(death.model, death.how, time.monotonic() - begin_s))
            return True
        return False

    def _worth_it(self, model: str, now_s: float) -> bool:
        """Whether ``model`` still comes to verdicts (be it that a call is a killer), or has not died too often without."""
        budget = self._repairs.setdefault(model, Budget(_REPAIRS, _WINDOW_S))
        verdicts = sum(self.gates[each].verdicts for each in self.incarnation.dependents(model) if each in self.gates)
        if verdicts != self._verdicts.get(model, 0):
            budget.refill()
        self._verdicts[model] = verdicts
        return budget.spend(now_s)

    def _give_up(self, death: Death) -> None:
        """A process that dies again and again: its model is closed for good, the others live on."""
        self.incarnation.abandon(death.model)
        for model in self.incarnation.dependents(death.model):
            error = ModelCrashed(model, death.how, _REPAIRS)
            if model in self.gates:
                self.gates[model].fail(error)
                self._on_event(GaveUp(model, error))

    async def _restarted(self, how: str) -> bool:
        """Whether a new server answers; otherwise every call has got its error."""
        begin_s = time.monotonic()
        self._close(Death("", how))
        await self.incarnation.kill()
        last: Exception | None = None
        excerpt = self.incarnation.excerpt()
        while self._restarts.spend(time.monotonic()):
            try:
                self.incarnation = await self._launch()
            except Exception as error:  # noqa: BLE001  # the probe raises what it likes
                last = error
                continue
            self._attend()
            self._on_event(Restarted(how, time.monotonic() - begin_s))
            return True
        dead = self._dead(f"{how}; last attempt: {last}" if last else how, excerpt)
        dead.__cause__ = last
        self.fail(dead)
        self._on_event(GaveUp("", dead))
        return False
