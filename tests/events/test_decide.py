"""``decide`` by table: one situation, one event, what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.events.plans import Part, plan_of

from headrace_dags.plan.model import Plan
from headrace_events.engine.decide import OtherRules, decide
from headrace_events.engine.events import (
    Cancel,
    CancelTasks,
    Command,
    Event,
    Failed,
    IssueTask,
    Outcome,
    Payload,
    Piece,
    Result,
    SetTimer,
    Started,
    Submitted,
    TaskKey,
    TimerFired,
)
from headrace_events.engine.retry import MAX_FAULTS
from headrace_events.engine.state import VERSION, RunState
from headrace_events.engine.wiring import Wiring, wire
from headrace_serving.failure import FailureKind, TaskFailure

START_S = 1_000.0


def inline(offset: int, items: int = 1, part: str = "out") -> Payload:
    return Payload(items=items, nbytes=8 * items, offset=offset, part=part)


@dataclass
class Run:
    """Folds events and keeps what was commanded."""

    plan: Plan
    wiring: Wiring = field(init=False)
    state: RunState | None = None
    at_s: float = START_S
    offset: int = -1

    def __post_init__(self) -> None:
        self.wiring = wire(self.plan)

    def take(self, event: Event) -> tuple[Command, ...]:
        self.offset += 1
        self.at_s += 1
        self.state, commands = decide(self.state, event, self.at_s, self.wiring)
        return commands

    def submit(self, **items: int) -> tuple[Command, ...]:
        inputs = {name: inline(0, count, name) for name, count in items.items()}
        return self.take(Submitted(run="r", plan=self.plan.digest, inputs=inputs))

    def done(self, task: TaskKey, **items: int) -> tuple[Command, ...]:
        outputs = {f"{task.segment}_{name}": inline(self.offset + 1, count, name) for name, count in items.items()}
        return self.take(Result(task=task, outputs=outputs))

    def failed(self, task: TaskKey, kind: FailureKind = "step", node: str = "") -> tuple[Command, ...]:
        return self.take(Failed(task=task, failure=TaskFailure(kind=kind, message="broke", node=node)))


def tasks(commands: Sequence[Command]) -> list[str]:
    return [str(each.task) for each in commands if isinstance(each, IssueTask)]


def only(commands: Sequence[Command]) -> Outcome:
    outcome = commands[-1]
    assert isinstance(outcome, Outcome)
    assert all(isinstance(each, CancelTasks) for each in commands[:-1])
    return outcome


def key(text: str) -> TaskKey:
    segment, chunk, attempt = text.split("/")
    return TaskKey(segment=segment, chunk=int(chunk), attempt=int(attempt))


def cuts(command: Command, flow: str) -> list[tuple[int, int, int]]:
    assert isinstance(command, IssueTask)
    return [(piece.payload.offset, piece.start, piece.stop) for piece in command.inputs[flow]]


CHAIN = plan_of("x", [Part("a", takes=("x",)), Part("b", takes=("a.out",))], "b.out")
DIAMOND = plan_of(
    "x",
    [
        Part("a", takes=("x",)),
        Part("b", takes=("a.out",)),
        Part("c", takes=("a.out",)),
        Part("d", takes=("b.out", "c.out", "x")),
    ],
    "d.out b.out",
)
MAPPED = plan_of(
    "x",
    [
        Part("cut", takes=("x",), gives=("out*",)),
        Part("each", maps=("cut.out",), takes=("x",), chunk=3),
        Part("more", maps=("each.out",), chunk=2),
        Part("join", takes=("more.out", "each.out")),
    ],
    "join.out each.out",
)


def test_a_chain_runs_one_after_the_other() -> None:
    run = Run(CHAIN)
    assert tasks(run.submit(x=1)) == ["a/0/1"]
    commands = run.done(key("a/0/1"), out=1)
    assert tasks(commands) == ["b/0/1"]
    assert cuts(commands[0], "a_out") == [(1, 0, 1)]
    outcome = only(run.done(key("b/0/1"), out=1))
    assert outcome.status == "succeeded"
    assert outcome.outputs == {"b_out": (Piece(payload=inline(2), start=0, stop=1),)}


def test_fan_out_goes_at_once_and_fan_in_waits_for_all() -> None:
    run = Run(DIAMOND)
    run.submit(x=1)
    assert tasks(run.done(key("a/0/1"), out=1)) == ["b/0/1", "c/0/1"]
    assert run.done(key("c/0/1"), out=1) == ()
    commands = run.done(key("b/0/1"), out=1)
    assert tasks(commands) == ["d/0/1"]
    assert [cuts(commands[0], name) for name in ("b_out", "c_out", "x")] == [[(3, 0, 1)], [(2, 0, 1)], [(0, 0, 1)]]
    assert set(only(run.done(key("d/0/1"), out=1)).outputs) == {"d_out", "b_out"}


def test_started_and_events_before_the_submission_change_nothing() -> None:
    run = Run(CHAIN)
    assert run.take(Cancel()) == ()
    assert run.state is None
    run.submit(x=1)
    before = run.state
    assert run.take(Started(task=key("a/0/1"))) == ()
    assert run.state == before


def test_a_map_is_cut_into_chunks_and_broadcasts_the_rest() -> None:
    run = Run(MAPPED)
    run.submit(x=1)
    commands = run.done(key("cut/0/1"), out=7)
    assert tasks(commands) == ["each/0/1", "each/1/1", "each/2/1"]
    assert [cuts(each, "cut_out") for each in commands] == [[(1, 0, 3)], [(1, 3, 6)], [(1, 6, 7)]]
    assert [cuts(each, "x") for each in commands] == [[(0, 0, 1)]] * 3


def test_chunks_of_a_map_are_cut_anew_for_the_next_and_joined_in_order() -> None:
    run = Run(MAPPED)
    run.submit(x=1)
    run.done(key("cut/0/1"), out=7)
    run.done(key("each/2/1"), out=1)
    run.done(key("each/0/1"), out=3)
    commands = run.done(key("each/1/1"), out=3)
    assert [cuts(each, "each_out") for each in commands] == [
        [(3, 0, 2)],
        [(3, 2, 3), (4, 0, 1)],
        [(4, 1, 3)],
        [(2, 0, 1)],
    ]
    for chunk, items in [(3, 1), (1, 2), (0, 2)]:
        assert run.done(TaskKey(segment="more", chunk=chunk), out=items) == ()
    commands = run.done(key("more/2/1"), out=2)
    assert tasks(commands) == ["join/0/1"]
    assert cuts(commands[0], "more_out") == [(7, 0, 2), (6, 0, 2), (8, 0, 2), (5, 0, 1)]
    assert cuts(commands[0], "each_out") == [(3, 0, 3), (4, 0, 3), (2, 0, 1)]
    outcome = only(run.done(key("join/0/1"), out=1))
    assert [piece.payload.offset for piece in outcome.outputs["each_out"]] == [3, 4, 2]


def test_an_empty_map_makes_no_task_and_what_follows_gets_nothing() -> None:
    run = Run(MAPPED)
    run.submit(x=1)
    commands = run.done(key("cut/0/1"), out=0)
    assert tasks(commands) == ["join/0/1"]
    assert (cuts(commands[0], "more_out"), cuts(commands[0], "each_out")) == ([], [])
    assert only(run.done(key("join/0/1"), out=1)).outputs["each_out"] == ()


def test_an_empty_map_at_the_end_ends_the_run() -> None:
    run = Run(plan_of("xs*", [Part("a", maps=("xs",)), Part("b", maps=("a.out",))], "b.out"))
    outcome = only(run.submit(xs=0))
    assert (outcome.status, outcome.outputs) == ("succeeded", {"b_out": ()})


@pytest.mark.parametrize(
    ("items", "chunk", "chunks", "size"),
    [(1, 8, 1, 8), (37, 8, 5, 8), (1024, 1, 1024, 1), (1025, 1, 513, 2), (100_000, 8, 1021, 98)],
)
def test_a_long_axis_gets_larger_chunks(items: int, chunk: int, chunks: int, size: int) -> None:
    run = Run(plan_of("xs*", [Part("a", maps=("xs",), chunk=chunk)], "a.out"))
    commands = run.submit(xs=items)
    assert len(commands) == chunks <= 1024
    assert cuts(commands[0], "xs") == [(0, 0, min(size, items))]
    assert cuts(commands[-1], "xs") == [(0, (chunks - 1) * size, items)]


def test_two_mapped_inputs_go_in_lockstep() -> None:
    parts = [Part("a", maps=("xs",), chunk=1), Part("b", maps=("xs", "a.out"), chunk=2)]
    run = Run(plan_of("xs*", parts, "b.out"))
    run.submit(xs=3)
    for chunk in range(2):
        run.done(TaskKey(segment="a", chunk=chunk), out=1)
    commands = run.done(key("a/2/1"), out=1)
    assert [cuts(each, "xs") for each in commands] == [[(0, 0, 2)], [(0, 2, 3)]]
    assert [cuts(each, "a_out") for each in commands] == [[(1, 0, 1), (2, 0, 1)], [(3, 0, 1)]]


def test_mapped_inputs_of_different_length_are_the_inputs_fault() -> None:
    run = Run(plan_of("xs* ys*", [Part("a", maps=("xs", "ys"))], "a.out"))
    outcome = only(run.submit(xs=3, ys=4))
    assert outcome.failure
    assert (outcome.status, outcome.failure.kind) == ("failed", "input")
    assert "xs has 3, ys has 4" in outcome.failure.message


def test_a_segment_without_inputs_begins_at_once_and_a_dag_without_segments_ends_at_once() -> None:
    assert tasks(Run(plan_of("", [Part("a")], "a.out")).submit()) == ["a/0/1"]
    outcome = only(Run(plan_of("xs*", [], "xs")).submit(xs=4))
    assert outcome.outputs == {"xs": (Piece(payload=inline(0, 4, "xs"), start=0, stop=4),)}


@pytest.mark.parametrize("kind", ["input", "output", "load", "environment", "internal"])
def test_permanent_failures_end_the_run_whatever_the_options_say(kind: FailureKind) -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",), retry=5)], "a.out"))
    run.submit(x=1)
    commands = run.failed(key("a/0/1"), kind, "a")
    assert isinstance(commands[0], CancelTasks)
    outcome = only(commands)
    assert outcome.failure
    assert (outcome.status, outcome.failure.kind, str(outcome.task)) == ("failed", kind, "a/0/1")


@pytest.mark.parametrize("kind", ["step", "timeout"])
@pytest.mark.parametrize("node", ["a", ""])
def test_the_steps_own_failures_are_retried_as_its_options_say(kind: FailureKind, node: str) -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",), retry=2)], "a.out"))
    run.submit(x=1)
    delays: list[float] = []
    for attempt in (1, 2):
        (timer,) = run.failed(TaskKey(segment="a", attempt=attempt), kind, node)
        assert isinstance(timer, SetTimer)
        delays.append(timer.at_s - run.at_s)
        commands = run.take(TimerFired(name=timer.name))
        assert tasks(commands) == [f"a/0/{attempt + 1}"]
        assert cuts(commands[0], "x") == [(0, 0, 1)]
    assert 0.1 <= delays[0] <= 0.2 <= delays[1] <= 0.4
    assert only(run.failed(key("a/0/3"), kind, node)).status == "failed"


def test_delays_are_spread_by_the_run_and_the_same_each_time() -> None:
    def delay_s(name: str) -> float:
        run = Run(plan_of("x", [Part("a", takes=("x",), retry=2)], "a.out"))
        run.take(Submitted(run=name, plan=run.plan.digest, inputs={"x": inline(0, 1, "x")}))
        (timer,) = run.failed(key("a/0/1"))
        assert isinstance(timer, SetTimer)
        return timer.at_s - run.at_s

    assert delay_s("one") == delay_s("one")
    assert len({delay_s(str(n)) for n in range(20)}) == 20


@pytest.mark.parametrize("kind", ["unavailable", "cancelled"])
def test_faults_of_infrastructure_count_no_attempt_but_come_to_an_end(kind: FailureKind) -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",), retry=1)], "a.out"))
    run.submit(x=1)
    attempt = 1
    for fault in range(MAX_FAULTS + 1):
        commands = run.failed(TaskKey(segment="a", attempt=attempt), kind)
        if fault == MAX_FAULTS:
            assert only(commands).status == "failed"
            break
        (timer,) = commands
        assert isinstance(timer, SetTimer)
        assert timer.at_s - run.at_s <= 5
        assert tasks(run.take(TimerFired(name=timer.name))) == [f"a/0/{attempt + 1}"]
        attempt += 1
        if fault == 0:
            (timer,) = run.failed(TaskKey(segment="a", attempt=attempt))
            assert isinstance(timer, SetTimer)
            run.take(TimerFired(name=timer.name))
            attempt += 1


@pytest.mark.parametrize(("asked_s", "least_s", "most_s"), [(0.0, 0.1, 0.2), (7.0, 7.0, 7.0), (3600.0, 60.0, 60.0)])
def test_who_asks_to_be_left_alone_is(asked_s: float, least_s: float, most_s: float) -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",))], "a.out"))
    run.submit(x=1)
    failure = TaskFailure(kind="unavailable", message="busy", after_s=asked_s)
    (timer,) = run.take(Failed(task=key("a/0/1"), failure=failure))
    assert isinstance(timer, SetTimer)
    assert least_s <= round(timer.at_s - run.at_s, 6) <= most_s


def test_only_the_attempt_under_way_counts() -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",), retry=1)], "a.out"))
    run.submit(x=1)
    (timer,) = run.failed(key("a/0/1"))
    assert isinstance(timer, SetTimer)
    for stale in ("a/0/1", "a/0/2", "a/0/3"):
        assert run.done(key(stale), out=1) == ()
        assert run.failed(key(stale), "input") == ()
    assert tasks(run.take(TimerFired(name=timer.name))) == ["a/0/2"]
    assert run.take(TimerFired(name=timer.name)) == ()
    assert run.done(key("a/0/1"), out=1) == ()
    assert only(run.done(key("a/0/2"), out=1)).status == "succeeded"


@pytest.mark.parametrize("task", ["z/0/1", "a/1/1", "a/-1/1", "b/0/1", "a/0/2", "a/0/0"])
def test_unknown_tasks_change_nothing(task: str) -> None:
    run = Run(CHAIN)
    run.submit(x=1)
    before = run.state
    assert run.done(key(task), out=1) == run.failed(key(task), "input") == ()
    assert run.state == before


@pytest.mark.parametrize(
    "name", ["", "x", "retry:", "retry:a/0", "retry:a/x/1", "retry:a/0/1", "retry:z/0/2", "retry:a/7/2", "deadline"]
)
def test_unknown_timers_change_nothing(name: str) -> None:
    run = Run(CHAIN)
    run.submit(x=1)
    before = run.state
    assert run.take(TimerFired(name=name)) == ()
    assert run.state == before


def test_a_second_result_and_a_second_submission_change_nothing() -> None:
    run = Run(CHAIN)
    run.submit(x=1)
    assert run.submit(x=1) == ()
    run.done(key("a/0/1"), out=1)
    before = run.state
    assert run.done(key("a/0/1"), out=1) == run.submit(x=1) == ()
    assert run.failed(key("a/0/1"), "input") == ()
    assert run.state == before


@pytest.mark.parametrize("end", [Cancel(), TimerFired(name="deadline")])
def test_after_the_end_nothing_counts(end: Event) -> None:
    run = Run(plan_of("x", [Part("a", takes=("x",))], "a.out", deadline_s=9.0))
    timer, *_ = run.submit(x=1)
    assert timer == SetTimer(name="deadline", at_s=run.at_s + 9.0)
    only(run.take(end))
    before = run.state
    assert run.done(key("a/0/1"), out=1) == run.failed(key("a/0/1")) == run.submit(x=1) == ()
    assert run.take(Cancel()) == run.take(TimerFired(name="deadline")) == ()
    assert run.state == before


def test_cancel_and_deadline_stop_the_tasks_and_say_why() -> None:
    plan = plan_of("x", [Part("a", takes=("x",))], "a.out", deadline_s=9.0)
    outcomes: list[Outcome] = []
    for end in (Cancel(reason="Ctrl-C"), TimerFired(name="deadline")):
        run = Run(plan)
        run.submit(x=1)
        commands = run.take(end)
        assert isinstance(commands[0], CancelTasks)
        outcomes.append(only(commands))
    assert [each.status for each in outcomes] == ["cancelled", "expired"]
    assert [each.failure.message for each in outcomes if each.failure] == [
        "Ctrl-C",
        "the run took longer than its deadline of 9 s",
    ]


@pytest.mark.parametrize(
    ("task", "items", "why"),
    [
        ("cut/0/1", {}, "lacks output cut_out"),
        ("each/0/1", {"out": 2}, "holds 2 items, expected 3"),
        ("join/0/1", {"out": 2}, "holds 2 items, expected 1"),
    ],
)
def test_a_result_that_contradicts_the_plan_fails_the_run(task: str, items: dict[str, int], why: str) -> None:
    run = Run(MAPPED)
    run.submit(x=1)
    for done, count in [("cut/0/1", 3), ("each/0/1", 3), ("more/0/1", 2), ("more/1/1", 1)]:
        if done != task:
            run.done(key(done), out=count)
        else:
            break
    outcome = only(run.done(key(task), **items))
    assert outcome.failure
    assert outcome.failure.kind == "internal"
    assert why in outcome.failure.message


def test_a_missing_input_and_another_plan_end_the_run() -> None:
    missing = only(Run(DIAMOND).submit())
    assert missing.failure
    assert (missing.failure.kind, missing.failure.port) == ("input", "x")
    run = Run(CHAIN)
    other = only(run.take(Submitted(run="r", plan=DIAMOND.digest, inputs={"x": inline(0)})))
    assert other.failure
    assert "pinned to plan" in other.failure.message


def test_an_input_that_nothing_takes_may_be_missing() -> None:
    assert tasks(Run(plan_of("x y", [Part("a", takes=("x",))], "a.out")).submit(x=1)) == ["a/0/1"]


def test_the_limit_of_a_task_is_the_sum_over_its_nodes() -> None:
    plan = plan_of("x", [Part("a", takes=("x",), timeout_s=2.0), Part("b", takes=("a.out",), timeout_s=3.0)], "b.out")
    one = plan.segments[0].model_copy(
        update={
            "members": tuple(member for segment in plan.segments for member in segment.members),
            "outputs": plan.segments[1].outputs,
        }
    )
    (command,) = Run(plan.model_copy(update={"segments": (one,)})).submit(x=1)
    assert isinstance(command, IssueTask)
    assert command.timeout_s == 5.0
    (command,) = Run(CHAIN).submit(x=1)
    assert isinstance(command, IssueTask)
    assert command.timeout_s is None


def test_a_run_begun_under_other_rules_is_refused() -> None:
    run = Run(CHAIN)
    run.submit(x=1)
    assert run.state
    assert run.state.version == VERSION
    old = RunState("r", 0, None, run.state.inputs, run.state.units)
    with pytest.raises(OtherRules, match="rules 0"):
        decide(old, Cancel(), START_S, run.wiring)
