"""``decide`` where dags choose and wait: on a scripted clock, against all that may come of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events import waiting
from tests.events.test_decide import Run, key, only, tasks

from headrace_dags.declare.dag import Dag
from headrace_dags.plan.digests import DigestInputs
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.engine.events import (
    CancelTasks,
    Command,
    IssueTask,
    Outcome,
    Payload,
    Piece,
    Result,
    SetTimer,
    TaskKey,
    TimerFired,
)
from headrace_events.engine.state import Gone
from headrace_serving.failure import TaskFailure


def run_of(dag: Dag[..., object]) -> Run:
    return Run(plan(dag.graph, local(), DigestInputs()))


def answer(
    run: Run, task: TaskKey, items: int = 1, *, keys: tuple[str, ...] = (), lost: int = 0
) -> tuple[Command, ...]:
    """The result of a task whose segment has one output."""
    (flow,) = run.plan.by_name[task.segment].outputs
    payload = Payload(items=items, nbytes=8, offset=run.offset + 1, part=flow.name, keys=keys)
    failure = TaskFailure(kind="step", message="lost", item=0) if lost else None
    return run.take(Result(task=task, outputs={flow.name: payload}, lost=lost, failure=failure))


def given_to(commands: Sequence[Command], segment: str) -> tuple[Piece, ...]:
    """What the first input of a segment's first task is made of."""
    issued = next(each for each in commands if isinstance(each, IssueTask) and each.task.segment == segment)
    return next(iter(issued.inputs.values()))


def test_optional_gives_the_value() -> None:
    run = run_of(waiting.optional)
    commands = run.submit(text=1)
    assert tasks(commands) == ["a/0/1"]
    assert [each.name for each in commands if isinstance(each, SetTimer)] == ["within:optional"]
    (piece,) = given_to(answer(run, key("a/0/1")), "told")
    assert piece.payload
    assert run.take(TimerFired(name="within:optional")) == ()


@pytest.mark.parametrize("late", [False, True])
def test_optional_gives_nothing_where_its_value_fails_or_is_late(late: bool) -> None:
    run = run_of(waiting.optional)
    run.submit(text=1)
    commands = run.take(TimerFired(name="within:optional")) if late else run.failed(key("a/0/1"))
    assert given_to(commands, "told") == (Piece(payload=None, start=0, stop=1),)
    assert answer(run, key("a/0/1")) == ()


def test_only_the_taken_branch_runs() -> None:
    run = run_of(waiting.switch)
    assert tasks(run.submit(text=1)) == ["kind/0/1"]
    assert tasks(answer(run, key("kind/0/1"), keys=("blue",))) == ["blue/0/1"]
    assert tasks(answer(run, key("blue/0/1"))) == ["told/0/1"]
    assert only(answer(run, key("told/0/1"))).status == "succeeded"


def test_a_failed_choice_fails_the_run() -> None:
    run = run_of(waiting.switch)
    run.submit(text=1)
    outcome = only(run.failed(key("kind/0/1"), "input"))
    assert (outcome.status, outcome.task) == ("failed", key("kind/0/1"))


def test_items_of_a_branch_are_chunked_anew() -> None:
    run = run_of(waiting.pages)
    run.submit(texts=5)
    answer(run, key("page-kind/0/1"), 5, keys=("red", "blue", "red", "blue", "red"))
    (state,) = (run.state.segment(run.wiring.numbers["page-red"]) for _ in "1" if run.state)
    assert state
    assert (state.items, state.axis, state.chosen) == (3, 5, (0, 2, 4))
    commands = answer(run, key("page-red/0/1"), 3)
    pieces = given_to(commands, "page-told")
    assert [(bool(piece.payload), piece.start, piece.stop) for piece in pieces] == [
        (True, 0, 1),
        (False, 0, 1),
        (True, 1, 2),
        (False, 0, 1),
        (True, 2, 3),
    ]


def test_a_choice_for_all_items_has_as_many_as_the_value_it_takes() -> None:
    run = run_of(waiting.all_styled)
    run.submit(texts=3, text=1)
    assert tasks(answer(run, key("kind/0/1"), keys=("red",))) == ["styled-red/0/1"]
    (piece,) = given_to(answer(run, key("styled-red/0/1"), 3), "styled-told")
    assert (piece.start, piece.stop) == (0, 3)


def test_a_branch_that_no_item_takes_has_no_task() -> None:
    run = run_of(waiting.pages)
    run.submit(texts=2)
    assert tasks(answer(run, key("page-kind/0/1"), 2, keys=("blue", "blue"))) == ["page-told/0/1"]


@pytest.mark.parametrize(("lost", "status"), [(0, ""), (2, ""), (3, "failed")])
def test_a_tolerant_map_is_judged_when_all_items_are_in(lost: int, status: str) -> None:
    run = run_of(waiting.tolerant)
    issued = run.submit(texts=4)
    commands = answer(run, key("a/0/1"), 4, lost=lost)
    assert len(tasks(issued)) == 1
    ended = [each.status for each in commands if isinstance(each, Outcome)]
    assert ended == ([status] if status else [])


def test_a_segment_that_fails_beside_others_is_stopped_alone() -> None:
    run = run_of(waiting.first)
    run.submit(text=1)
    assert run.failed(key("a/0/1")) == (CancelTasks(segment="a"),)


Script = list[tuple[str, bool]]
"""What happens, in order: to which of the steps, and whether it succeeds; ``timer`` for the end of the time."""


def scripts(names: str, *, timer: bool) -> st.SearchStrategy[Script]:
    whom = st.permutations([*names, *(["timer"] if timer else [])])
    return st.tuples(whom, st.lists(st.booleans(), min_size=len(names) + 1, max_size=len(names) + 1)).map(
        lambda both: list(zip(both[0], both[1], strict=False))
    )


def play(run: Run, script: Script, timer: str = "") -> list[tuple[Command, ...]]:
    """All that ``decide`` commands while a script is played; what comes after the run's end changes nothing."""
    said = [run.submit(text=1)]
    for name, succeeds in script:
        if name == "timer":
            said.append(run.take(TimerFired(name=timer)))
        else:
            said.append(answer(run, key(f"{name}/0/1")) if succeeds else run.failed(key(f"{name}/0/1")))
    return said


def chosen(said: Sequence[Sequence[Command]], segment: str) -> tuple[Piece, ...] | None:
    found = [
        given_to(commands, segment) for commands in said if any(each.startswith(segment) for each in tasks(commands))
    ]
    assert len(found) <= 1
    return found[0] if found else None


@given(scripts("abc", timer=False))
@settings(deadline=None)
def test_first_is_the_first_that_succeeds(script: Script) -> None:
    run = run_of(waiting.first)
    said = play(run, script)
    winner = next((name for name, succeeds in script if succeeds), None)
    pieces = chosen(said, "told")
    if winner is None:
        assert only(said[-1]).status == "failed"
    else:
        assert pieces
        assert [piece.payload.part for piece in pieces if piece.payload] == [f"{winner}_result"]


@given(scripts("abcd", timer=True))
@settings(deadline=None)
def test_a_quorum_is_the_first_that_succeed_in_time(script: Script) -> None:
    run = run_of(waiting.quorum)
    said = play(run, script, "within:quorum")
    before = script[: [name for name, _ in script].index("timer")]
    there = [name for name, succeeds in before if succeeds][:2]
    hopeless = sum(not succeeds for _, succeeds in before) > 2
    pieces = chosen(said, "all-told")
    if len(there) < 2:
        outcomes = [each for commands in said for each in commands if isinstance(each, Outcome)]
        assert [each.status for each in outcomes] == ["failed"]
        assert outcomes[0].failure
        assert outcomes[0].failure.kind == ("step" if hopeless else "timeout")
    else:
        assert pieces
        assert [piece.payload.part if piece.payload else "" for piece in pieces] == [
            f"{name}_result" if name in there else "" for name in "abcd"
        ]


def test_what_a_first_does_without_is_stopped_at_once() -> None:
    """The run goes on behind the join; the slower ones would keep their place in a server, or an endpoint, for nothing."""
    run = run_of(waiting.first)
    run.submit(text=1)
    commands = answer(run, key("b/0/1"))
    assert [each.segment for each in commands if isinstance(each, CancelTasks)] == ["a", "c"]
    assert tasks(commands) == ["told/0/1"]
    assert answer(run, key("a/0/1")) == ()
    assert run.failed(key("c/0/1")) == ()
    assert only(answer(run, key("told/0/1"))).status == "succeeded"


def ended(run: Run) -> list[str]:
    """The segments that give nothing, and are not to blame."""
    assert run.state
    return [each.name for each, unit in zip(run.wiring.segments, run.state.units, strict=False) if unit == Gone()]


def test_all_that_led_to_the_loser_is_stopped() -> None:
    run = run_of(waiting.first_of_two_and_one)
    run.submit(text=1)
    answer(run, key("a/0/1"))
    commands = answer(run, key("c/0/1"))
    assert [each.segment for each in commands if isinstance(each, CancelTasks)] == ["b"]
    assert ended(run) == ["b", "glued"]


def test_what_a_failure_makes_useless_is_stopped() -> None:
    run = run_of(waiting.first_of_two_and_one)
    run.submit(text=1)
    commands = run.failed(key("a/0/1"), "input")
    assert [each.segment for each in commands if isinstance(each, CancelTasks)] == ["a", "b"]
    assert tasks(answer(run, key("c/0/1"))) == ["told/0/1"]


def test_what_somebody_else_waits_for_goes_on() -> None:
    run = run_of(waiting.shared)
    run.submit(text=1)
    commands = answer(run, key("b/0/1"))
    assert not [each for each in commands if isinstance(each, CancelTasks)]
    answer(run, key("told/0/1"))
    assert tasks(answer(run, key("a/0/1"))) == ["told-2/0/1"]


def test_a_retry_of_what_nobody_waits_for_is_none() -> None:
    run = run_of(waiting.first)
    run.submit(text=1)
    (timer,) = (each for each in run.failed(key("a/0/1"), "unavailable") if isinstance(each, SetTimer))
    answer(run, key("b/0/1"))
    assert run.take(TimerFired(name=timer.name)) == ()
