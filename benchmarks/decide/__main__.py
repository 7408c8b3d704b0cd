"""``python -m benchmarks.decide [--rounds 9]``: events a second that ``decide`` folds, and what more chunks cost each.

The events are those of a run whose every task succeeds: made once, folded again and again. Nothing is read or written.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.decide import dags
from benchmarks.rounds import Spread
from headrace_dags.declare.dag import Dag
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Plan, Segment
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_dags.project.discover import load
from headrace_events.engine.decide import decide
from headrace_events.engine.events import Event, IssueTask, Outcome, Payload, Result, Submitted
from headrace_events.engine.state import RunState
from headrace_events.engine.wiring import Wiring, wire

ROOT = Path(__file__).parents[2]
LECTURE = ROOT / "samples" / "lecture" / "lecture.py"
SLIDES = 40
RATE_BAR = 20_000
GROWTH_BAR = 1.5
EVENTS = 20_000


@dataclass(frozen=True)
class Life:
    """A run from its submit to its outcome.

    Attributes:
        wiring: of its plan.
        events: what happened, in order.
    """

    wiring: Wiring
    events: tuple[Event, ...]

    @staticmethod
    def of(made: Plan, items: int) -> Life:
        """A run whose axes have so many items."""
        wiring = wire(made)
        inputs = {flow.name: Payload(items=1, nbytes=8, key=f"t/r/{0:064x}") for flow in made.inputs}
        names = [port.name for port in made.graph.inputs]
        event: Event = Submitted(run="r", plan=made.digest, inputs=dict(zip(names, inputs.values(), strict=True)))
        state, commands = decide(None, event, 0.0, wiring)
        events, open_ = [event], [each for each in commands if isinstance(each, IssueTask)]
        while open_:
            event = _result(made.by_name[open_[0].task.segment], open_.pop(0), items)
            events.append(event)
            state, commands = decide(state, event, 0.0, wiring)
            open_ += [each for each in commands if isinstance(each, IssueTask)]
        assert any(isinstance(each, Outcome) and each.status == "succeeded" for each in commands), commands
        return Life(wiring, tuple(events))

    def fold(self) -> float:
        """Seconds that one event takes, as often as is worth a measurement."""
        times = max(1, EVENTS // len(self.events))
        begun = time.perf_counter()
        for _ in range(times):
            state: RunState | None = None
            for event in self.events:
                state, _ = decide(state, event, 0.0, self.wiring)
        return (time.perf_counter() - begun) / (times * len(self.events))


def _result(segment: Segment, command: IssueTask, items: int) -> Result:
    """What a task gives: of a mapped segment as many items as it took, else as many as an axis has."""
    taken = max((sum(piece.stop - piece.start for piece in some) for some in command.inputs.values()), default=1)
    counts = {flow.name: taken if segment.mapped else items if flow.many else 1 for flow in segment.outputs}
    key = f"t/r/{1:064x}"
    return Result(task=command.task, outputs={name: Payload(items=n, nbytes=8, key=key) for name, n in counts.items()})


def _planned(dag: Dag[..., object], root: Path) -> Plan:
    return plan(dag.graph, local(), gather(dag.graph, root))


def main() -> int:
    """Measure, print, and say whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default: %(default)s)")
    given = parser.parse_args()
    found = load(f"{LECTURE}:lecture")
    lecture = Life.of(_planned(found.dag, found.import_root), SLIDES)
    mapped = _planned(dags.spelled, ROOT)
    few, many = (Life.of(mapped, chunks * mapped.segments[-1].chunk) for chunks in (10, 1_000))
    rounds = [(lecture.fold(), few.fold(), many.fold()) for _ in range(given.rounds)]
    each, of_few, of_many = (Spread(tuple(values)) for values in zip(*rounds, strict=True))
    rate, growth = Spread(tuple(1 / value for value in each.values)), of_many.over(of_few)
    rate_ok, growth_ok = rate.median >= RATE_BAR, growth.median <= GROWTH_BAR
    print(f"events of the lecture     {rate.text(unit='/s')}  {'ok' if rate_ok else 'MISSED'} (>= {RATE_BAR:,})")
    print(f"an event, 10 chunks       {of_few.text(1e6, ' us')}")
    print(f"an event, 1,000 chunks    {of_many.text(1e6, ' us')}")
    print(f"  over 10 chunks          {growth.text()}x  {'ok' if growth_ok else 'MISSED'} (<= {GROWTH_BAR})")
    return 0 if rate_ok and growth_ok else 1


if __name__ == "__main__":
    sys.exit(main())
