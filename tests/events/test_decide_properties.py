"""Whatever happens to a run: one outcome, every task once an attempt, outputs as if nothing had been cut, replay equal."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.simulation import PERMANENT, Life, expected, random_life

from headrace_events.engine.decide import decide
from headrace_events.engine.events import TaskKey
from headrace_events.engine.inbox import Envelope
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.replay import fold, replay
from headrace_events.engine.state import RunState, SegmentState

seeds = st.integers(min_value=0, max_value=2**32)


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_without_trouble_every_run_gives_what_its_dag_says(seed: int) -> None:
    life = random_life(seed, trouble=0.0)
    outcome = life.live()
    assert outcome.status == "succeeded"
    assert {name: life.resolve(pieces) for name, pieces in outcome.outputs.items()} == outputs_of(life)
    assert {task.attempt for task in life.issued} <= {1}
    assert life.state
    chunks = {
        TaskKey(segment=segment.name, chunk=chunk)
        for segment, state in zip(life.plan.segments, life.state.units, strict=True)
        for chunk in range(len(state.slots) if isinstance(state, SegmentState) else 0)
    }
    assert set(life.issued) == chunks


@given(seeds, st.floats(min_value=0.05, max_value=0.6))
@settings(max_examples=250, deadline=None)
def test_whatever_happens_there_is_one_outcome(seed: int, trouble: float) -> None:
    life = random_life(seed, trouble)
    outcome = life.live()
    kinds = {each.failure.kind for each in life.failed}
    if outcome.status == "succeeded":
        assert {name: life.resolve(pieces) for name, pieces in outcome.outputs.items()} == outputs_of(life)
        assert not kinds & set(PERMANENT)
    elif outcome.status == "failed":
        assert outcome.task == life.failed[-1].task
        assert outcome.failure == life.failed[-1].failure
    attempts: dict[tuple[str, int], list[int]] = {}
    for task in life.issued:
        attempts.setdefault((task.segment, task.chunk), []).append(task.attempt)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in attempts.values())


@given(seeds, st.floats(min_value=0.0, max_value=0.5))
@settings(max_examples=100, deadline=None)
def test_folding_again_gives_the_same(seed: int, trouble: float) -> None:
    life = random_life(seed, trouble)
    life.live()
    state: RunState | None = None
    for (event, at_s), commands in zip(life.events, life.commands, strict=True):
        state, again = decide(state, event, at_s, life.wiring)
        assert again == commands
    assert state == life.state


@given(seeds, st.floats(min_value=0.0, max_value=0.5))
@settings(max_examples=40, deadline=None)
def test_the_record_on_disk_replays_to_the_same_commands_and_outcome(seed: int, trouble: float) -> None:
    life = random_life(seed, trouble)
    outcome = life.live()
    with tempfile.TemporaryDirectory() as place:
        folder = RunFolder(Path(place) / "r")
        folder.begin(life.plan, "r")
        with folder.writing() as write:
            for offset, (event, at_s) in enumerate(life.events):
                write(offset, at_s, Envelope(event))
        folder.finish(outcome, 2_000.0)
        record = RunRecord.read(folder.path)
    assert record.plan == life.plan
    assert replay(record) == outcome == record.outcome
    assert [commands for _, commands in fold(record.events, life.wiring)] == life.commands


def outputs_of(life: Life) -> dict[str, list[str]]:
    return expected(life.plan, life.inputs)
