"""Open the segments whose inputs are all there and that are needed, and let the choices of joins fall; again until nothing moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from headrace_events.engine.ending import fail, succeed
from headrace_events.engine.events import CancelTasks, Command, IssueTask, Piece, SetTimer, TaskKey
from headrace_events.engine.gates import Need, needed
from headrace_events.engine.joins import WITHIN, decided
from headrace_events.engine.pieces import Undecidable, Values
from headrace_events.engine.state import Decision, Gone, JoinState, Open, Pages, RunState, SegmentState, Slot, Unit
from headrace_events.engine.wanted import unwanted
from headrace_events.engine.wiring import WiredJoin, WiredSegment, Wiring
from headrace_serving.failure import TaskFailure

MAX_CHUNKS = 1024
"""The most chunks of a mapped axis: a longer axis gets larger chunks."""

_FIRST: Slot = Open()


def advance(
    state: RunState, candidates: Iterable[int], at_s: float, wiring: Wiring, clocks: Iterable[int] = ()
) -> Decision:
    """Open and decide those of ``candidates`` that are ready, and those that become so by it; end the run where that ends it.

    Args:
        state: of the run.
        candidates: numbers of the units to look at.
        at_s: log time of the event.
        wiring: of the plan.
        clocks: the joins whose time begins now.

    Raises:
        Undecidable: an event contradicts the plan.
    """
    units = list(state.units)
    moves = _Moves(units, Values(state.inputs, units, wiring), at_s, set(state.clocks), deque(candidates))
    moves.start(clocks)
    moves.go()
    moves.leave()
    state = replace(state, units=tuple(units), clocks=frozenset(moves.clocks))
    return _ended(state, tuple(moves.commands), moves.values)


def begin(state: RunState, at_s: float, wiring: Wiring) -> Decision:
    """Open what needs nothing but the run's inputs."""
    return advance(state, range(len(state.units)), at_s, wiring, wiring.clocks)


def _ended(state: RunState, commands: tuple[Command, ...], values: Values) -> Decision:
    """The run's end where its outputs are there, or one of them never will be."""
    waiting = False
    for _, origin in values.wiring.outputs:
        status = values.status(origin)
        if status == "failed" and (gone := values.gone(origin)) and gone.failure:
            return fail(state, gone.failure, gone.task)
        if status == "unneeded":
            raise Undecidable("an output of the dag is held for unneeded")
        waiting |= status == "waiting"
    return (state, commands) if waiting else succeed(state, values.wiring)


@dataclass(slots=True)
class _Moves:
    """What moves because of one event.

    Attributes:
        units: the run's, changed in place.
        values: what is there of them.
        at_s: log time of the event.
        clocks: the joins whose timer is set.
        waiting: numbers of the units to look at.
        commands: what is to be done.
        fallen: whether a choice fell, or a unit turned out to give nothing.
    """

    units: list[Unit]
    values: Values
    at_s: float
    clocks: set[int]
    waiting: deque[int]
    commands: list[Command] = field(default_factory=list[Command])
    fallen: bool = False

    def go(self) -> None:
        """Look at units until none moves any more."""
        wiring = self.values.wiring
        while self.waiting:
            number = self.waiting.popleft()
            if self.units[number] is not None:
                continue
            unit = wiring.unit(number)
            moved = self._open(unit) if isinstance(unit, WiredSegment) else self._decide(unit)
            if moved is None:
                continue
            self.units[number] = moved
            self.fallen |= not isinstance(moved, SegmentState)
            if isinstance(moved, SegmentState) and isinstance(unit, WiredSegment):
                self.commands += _tasks(unit, moved, self.values)
                self.start(unit.clocks)
            if not isinstance(moved, SegmentState) or not moved.missing:
                self.waiting += unit.consumers

    def leave(self) -> None:
        """Once a choice has fallen, let go of what worked for the others alone."""
        wiring = self.values.wiring
        for number in list(unwanted(self.units, wiring)) if self.fallen else ():
            if self.units[number] is not None:
                self.commands.append(CancelTasks(segment=wiring.segments[number].name))
            self.units[number] = Gone()

    def start(self, joins: Iterable[int]) -> None:
        """Begin the time of joins that wait."""
        for number in joins:
            join = self.values.wiring.join(number)
            if number not in self.clocks and self.units[number] is None and join.within_s is not None:
                self.clocks.add(number)
                self.commands.append(SetTimer(name=f"{WITHIN}{join.name}", at_s=self.at_s + join.within_s))

    def _decide(self, join: WiredJoin) -> JoinState | Gone | None:
        need = needed(join.gate, self.values)
        if need is None:
            return None
        return Gone() if need is False else decided(join, self.values)

    def _open(self, wired: WiredSegment) -> SegmentState | Gone | None:
        """A segment that is given its work, or that will have none."""
        need = needed(wired.gate, self.values)
        if need is None or need is False:
            return None if need is None else Gone()
        statuses = {self.values.status(feed.origin) for feed in wired.feeds}
        if "failed" in statuses:
            gone = (self.values.gone(feed.origin) for feed in wired.feeds)
            return next(each for each in gone if each and each.failure)
        if "unneeded" in statuses:
            raise Undecidable(f"segment {wired.name} is needed, but not what feeds it")
        return None if "waiting" in statuses else _opened(wired, need, self.values)


def issue(wired: WiredSegment, segment: SegmentState, values: Values, task: TaskKey) -> IssueTask:
    """The command for one task: mapped inputs cut to the chunk, the others whole."""
    return _issue(wired, segment, values, task, _broadcast(wired, values))


def _opened(wired: WiredSegment, need: Need, values: Values) -> SegmentState | Gone:
    if not wired.mapped:
        return SegmentState(1, 1, 1, mapped=False, slots=Pages.filled(_FIRST, 1), missing=1)
    lengths = {feed.name: values.items(feed.origin) for feed in wired.feeds if feed.mapped}
    chosen = need if isinstance(need, tuple) else None
    if len(set(lengths.values())) > 1:
        return Gone(_unequal(wired, lengths))
    axis = next(iter(lengths.values()))
    items = axis if chosen is None else len(chosen)
    size = max(wired.chunk, -(-items // MAX_CHUNKS))
    chunks = -(-items // size)
    slots = Pages.filled(_FIRST, chunks)
    return SegmentState(items, axis, size, mapped=True, slots=slots, missing=chunks, chosen=chosen)


def _unequal(wired: WiredSegment, lengths: dict[str, int]) -> TaskFailure:
    """Items that are taken in lockstep must be as many."""
    listed = ", ".join(f"{name} has {items}" for name, items in lengths.items())
    node = next(iter(wired.retries), "")
    return TaskFailure(kind="input", node=node, message=f"what is mapped in lockstep has as many items: {listed}")


def _tasks(wired: WiredSegment, segment: SegmentState, values: Values) -> Iterator[IssueTask]:
    broadcast = _broadcast(wired, values) if segment.missing else {}
    for chunk in range(len(segment.slots)):
        yield _issue(wired, segment, values, TaskKey(segment=wired.name, chunk=chunk), broadcast)


def _broadcast(wired: WiredSegment, values: Values) -> dict[str, tuple[Piece, ...]]:
    return {feed.name: values.whole(feed.origin) for feed in wired.feeds if not feed.mapped}


def _issue(
    wired: WiredSegment,
    segment: SegmentState,
    values: Values,
    task: TaskKey,
    broadcast: dict[str, tuple[Piece, ...]],
) -> IssueTask:
    places = segment.places(task.chunk)
    mapped = {feed.name: values.pick(feed.origin, places) for feed in wired.feeds if feed.mapped}
    return IssueTask(task=task, inputs=broadcast | mapped, timeout_s=wired.timeout_s)
