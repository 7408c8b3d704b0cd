"""States as records: whatever a run has met, what is written bit by bit gives the state back; and nothing else does."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.events.simulation import random_life

from headrace_events.engine.decide import decide
from headrace_events.engine.events import Payload, TaskKey
from headrace_events.engine.state import Gone, JoinState, Open, Pages, RunState, SegmentState
from headrace_events.engine.statecodec import UndecodableState, changed, forgotten, restored
from headrace_serving.failure import TaskFailure

seeds = st.integers(min_value=0, max_value=2**32)
PREFIX = "default/r"


def write(topic: dict[str, bytes], before: RunState | None, after: RunState) -> None:
    for key, value in changed(before, after, PREFIX):
        if value is None:
            del topic[key]
        else:
            topic[key] = value


def whole(state: RunState) -> dict[str, bytes]:
    topic: dict[str, bytes] = {}
    write(topic, None, state)
    return topic


def states_of(seed: int, trouble: float) -> list[RunState]:
    """Every state of a random life, from the first to the last before its end."""
    life = random_life(seed, trouble)
    life.live()
    found: list[RunState] = []
    state: RunState | None = None
    for event, at_s in life.events:
        state, _ = decide(state, event, at_s, life.wiring)
        if state and not state.ended:
            found.append(state)
    return found


@given(seeds, st.floats(min_value=0.0, max_value=0.5), st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_what_is_written_bit_by_bit_gives_the_state_back(seed: int, trouble: float, every: int) -> None:
    topic: dict[str, bytes] = {}
    before: RunState | None = None
    for state in states_of(seed, trouble)[::every]:
        write(topic, before, state)
        assert restored("r", topic, PREFIX) == state
        assert set(topic) == set(forgotten(state))
        before = state


@given(seeds, st.floats(min_value=0.0, max_value=0.5))
@settings(max_examples=60, deadline=None)
def test_no_page_is_written_that_did_not_change(seed: int, trouble: float) -> None:
    for before, after in pairwise(states_of(seed, trouble)):
        new, known, some = whole(after), whole(before), dict(changed(before, after, PREFIX))
        assert {key: value for key, value in new.items() if known.get(key) != value}.items() <= some.items()
        assert {key for key, value in some.items() if value is None} == set(known) - set(new)
        assert not dict(changed(after, after, PREFIX))


@given(seeds, st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_no_state_is_said_to_be_none(seed: int, data: st.DataObject) -> None:
    states = states_of(seed, 0.2)
    assume(states)
    topic = whole(data.draw(st.sampled_from(states)))
    key = data.draw(st.sampled_from(sorted(topic)))
    value = bytearray(topic[key])
    for place in data.draw(st.lists(st.integers(0, len(value) - 1), min_size=1, max_size=4)):
        value[place] = data.draw(st.integers(0, 255))
    topic[key] = bytes(value[: data.draw(st.integers(0, len(value)))])
    with suppress(UndecodableState):
        assert restored("r", topic, PREFIX).run == "r"


def payload(number: int, *, keys: tuple[str, ...] = (), inline: bool = False) -> Payload:
    if inline:
        return Payload(items=1, nbytes=50_000, offset=1_000_000 + number, part="node_result", keys=keys)
    return Payload(items=8, nbytes=50_000 + number, key=f"{PREFIX}/{number:064x}", keys=keys)


def work(chunks: int, *, inline: bool = False) -> SegmentState:
    slots = Pages.filled(Open(), chunks)
    for chunk in range(chunks):
        slots = slots.replaced(chunk, (payload(chunk, inline=inline),))
    return SegmentState(8 * chunks, 8 * chunks, 8, mapped=True, slots=slots, missing=0)


def run(*units: SegmentState | JoinState | Gone | None) -> RunState:
    return RunState("r", 3, 2_000.5, (payload(0), None), tuple(units), frozenset({2}))


def size(state: RunState) -> int:
    return sum(len(key) + len(value) for key, value in whole(state).items())


@pytest.mark.parametrize("inline", [True, False])
def test_a_plan_of_twenty_segments_fits_into_4_kb(inline: bool) -> None:
    one = SegmentState(1, 1, 1, mapped=False, slots=Pages(((payload(7, inline=inline),) * 2,), 1), missing=0)
    one = one.with_slot(0, (payload(7, inline=inline), payload(8, inline=inline)))
    assert size(run(*[one] * 20)) <= 4_096


@pytest.mark.parametrize("inline", [True, False])
def test_a_chunk_takes_64_bytes_at_most(inline: bool) -> None:
    assert size(run(work(1_024, inline=inline))) - size(run(work(1))) <= 64 * 1_023


def test_every_kind_of_unit_comes_back() -> None:
    failure = TaskFailure(kind="step", message="broke", node="n")
    chosen = tuple(range(0, 3_000, 300))
    mapped = SegmentState(10, 3_000, 4, True, Pages.filled(Open(2, 1, 0, 17.5), 3), 3, chosen, 2, failure)
    state = run(
        None,
        Gone(),
        Gone(failure, TaskKey(segment="s", chunk=3, attempt=2)),
        JoinState((-1,)),
        JoinState((0, -1, 2, 2, 300), per_item=True),
        SegmentState(0, 0, 4, mapped=True, slots=Pages.filled(Open(), 0), missing=0),
        mapped.with_slot(1, (payload(1, keys=("invoice", "letter", "invoice")), payload(2, inline=True))),
        work(40),
    )
    assert restored("r", whole(state), PREFIX) == state


def test_objects_of_another_run_keep_their_place() -> None:
    other = Payload(items=1, nbytes=1, key=f"default/other/{5:064x}")
    state = RunState("r", 3, None, (other,), ())
    assert restored("r", whole(state), PREFIX) == state


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ({}, "r: expects a record, got none"),
        ({"r": b"\xc1"}, "expects a state"),
        ({"r": b"\x93\x09\x90\x90"}, "expects state format 1"),
        ({"r": whole(run(work(40)))["r"]}, "r/0/0: expects a record, got none"),
    ],
)
def test_what_is_wrong_is_said(records: dict[str, bytes], says: str) -> None:
    with pytest.raises(UndecodableState, match=says):
        restored("r", records, PREFIX)
