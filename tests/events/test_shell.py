"""The local driver: what decide commands is done, and all that happens is recorded."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.events.fakes import RUN, Bench, Fake, Texts, files_up_to, tensor
from tests.events.plans import Part, plan_of

from headrace_dags.errors import EnvironmentLack, Problem
from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Cancel, Event, Failed, Result, Started, Submitted, TimerFired
from headrace_events.engine.progress import Progress
from headrace_events.engine.replay import replay
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.shell import execute_run
from headrace_events.engine.state import Folded
from headrace_serving.failure import FailureKind, TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Task

pytestmark = pytest.mark.asyncio

SPLIT = plan_of(
    "x",
    [
        Part("cut", takes=("x",), gives=("out*",)),
        Part("each", maps=("cut.out",), takes=("x",), chunk=8),
        Part("join", takes=("each.out",)),
    ],
    "join.out each.out",
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def one(value: str = "done", name: str = "a_out") -> Texts:
    return {name: [value]}


def fails(kind: FailureKind, message: str = "broke") -> TaskFailed:
    return TaskFailed(TaskFailure(kind=kind, message=message))


async def hang(_task: Task, _inputs: Texts) -> Texts:
    await asyncio.sleep(600)
    raise AssertionError("nobody stopped it")


def single(**options: float) -> Plan:
    retry, limit = int(options.get("retry", 0)), options.get("timeout_s")
    part = Part("a", takes=("x",), retry=retry, timeout_s=limit)
    return plan_of("x", [part], "a.out", deadline_s=options.get("deadline_s"))


def splitting(items: int) -> Fake:
    async def each(_task: Task, inputs: Texts) -> Texts:
        await asyncio.sleep(0.001 * (len(inputs["cut_out"][0]) % 3))
        return {"each_out": [f"{inputs['x'][0]}-{item}" for item in inputs["cut_out"]]}

    return Fake(
        {
            "cut": lambda _, inputs: {"cut_out": [f"{n:02}" for n in range(items)]},
            "each": each,
            "join": lambda _, inputs: {"join_out": ["+".join(inputs["each_out"])]},
        }
    )


async def test_a_map_over_hops_keeps_its_order(bench: Bench) -> None:
    fake = splitting(37)
    outcome = await bench.execute(SPLIT, fake, x=["v"])
    assert outcome.status == "succeeded"
    each = [f"v-{n:02}" for n in range(37)]
    assert bench.outputs() == {"join_out": ["+".join(each)], "each_out": each}
    assert sorted(fake.calls) == ["cut/0/1", *(f"each/{n}/1" for n in range(5)), "join/0/1"]
    assert replay(bench.record) == outcome == bench.record.outcome


async def test_an_empty_map_calls_nothing(bench: Bench) -> None:
    fake = splitting(0)
    assert (await bench.execute(SPLIT, fake, x=["v"])).status == "succeeded"
    assert bench.outputs() == {"join_out": [""], "each_out": []}
    assert fake.calls == ["cut/0/1", "join/0/1"]


async def test_events_are_observed_and_recorded_in_order(bench: Bench) -> None:
    progress = Progress(SPLIT)
    await bench.execute(SPLIT, splitting(20), x=["v"])
    assert [(each.event, each.at_s) for each in bench.record.events] == bench.events
    assert [each.offset for each in bench.record.events] == list(range(len(bench.events)))
    assert isinstance(bench.events[0][0], Submitted)
    for event, at_s in bench.events:
        progress.observe(event, at_s)
    assert [(each.tasks, each.done, each.running) for each in progress.segments] == [(1, 1, 0), (3, 3, 0), (1, 1, 0)]
    assert [(each.items, each.chunk) for each in progress.segments] == [(1, 1), (20, 8), (1, 1)]
    assert progress.outcome == bench.record.outcome
    assert [str(each.task) for each in progress.attempts][0::4] == ["cut/0/1", "join/0/1"]
    assert all(each.ended_s is not None and each.ended_s >= each.started_s for each in progress.attempts)


async def test_timings_say_where_the_time_went(bench: Bench) -> None:
    async def slow(_task: Task, inputs: Texts) -> Texts:
        await asyncio.sleep(0.03)
        return {"a_out": inputs["xs"]}

    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=1)], "a.out")
    await bench.execute(plan, Fake({"a": slow}), ShellSettings(windows={"a": 1}), xs=["1", "2", "3"])
    timings = [event.timing for event, _ in bench.events if isinstance(event, Result)]
    assert all(each.compute_s >= 0.025 for each in timings)
    assert [each.queue_s >= 0.025 * n for n, each in enumerate(timings)] == [True] * 3
    assert all(each.fetch_s + each.publish_s < each.compute_s for each in timings)


@pytest.mark.parametrize(("windows", "batch", "most"), [({"a": 3}, 0, 3), ({}, 0, 2), ({}, 1, 4), ({}, 8, 8)])
async def test_a_segment_has_a_bounded_window(bench: Bench, windows: dict[str, int], batch: int, most: int) -> None:
    async def body(_task: Task, inputs: Texts) -> Texts:
        await asyncio.sleep(0.002)
        return {"a_out": inputs["xs"]}

    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=2, batch=batch)], "a.out")
    fake = Fake({"a": body})
    await bench.execute(plan, fake, ShellSettings(windows=windows), xs=[str(n) for n in range(40)])
    assert fake.most == {"a": most}
    assert bench.outputs() == {"a_out": [str(n) for n in range(40)]}


async def test_a_step_that_fails_is_tried_again_after_a_while(bench: Bench) -> None:
    def flaky(task: Task, _inputs: Texts) -> Texts:
        if task.id.endswith("/1"):
            raise fails("step")
        return one()

    fake = Fake({"a": flaky})
    begun = time.monotonic()
    assert (await bench.execute(single(retry=1), fake, x=["v"])).status == "succeeded"
    assert time.monotonic() - begun >= 0.09
    assert fake.calls == ["a/0/1", "a/0/2"]
    assert [type(event) for event, _ in bench.events] == [Submitted, Failed, TimerFired, Result]
    assert replay(bench.record) == bench.record.outcome


async def test_the_last_failure_is_the_outcome(bench: Bench) -> None:
    def broken(task: Task, _inputs: Texts) -> Texts:
        raise fails("step", f"broke in {task.id[-1]}")

    outcome = await bench.execute(single(retry=1), Fake({"a": broken}), x=["v"])
    assert outcome.failure
    assert (outcome.status, outcome.failure.message, str(outcome.task)) == ("failed", "broke in 2", "a/0/2")


async def test_the_limit_goes_to_the_executor_and_holds_without_it(bench: Bench) -> None:
    limits: list[float | None] = []

    async def stuck_once(task: Task, inputs: Texts) -> Texts:
        limits.append(task.deadline_s)
        return await hang(task, inputs) if task.id.endswith("/1") else one()

    fake = Fake({"a": stuck_once})
    assert (await bench.execute(single(retry=1, timeout_s=0.05), fake, x=["v"])).status == "succeeded"
    assert limits == [0.05, 0.05]
    assert fake.cancelled == ["a"]
    failures = [event.failure for event, _ in bench.events if isinstance(event, Failed)]
    assert [(each.kind, each.message) for each in failures] == [("timeout", "no answer within 0.05 s")]


async def test_a_timeout_of_the_body_itself_is_not_ours(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise TimeoutError("socket")

    outcome = await bench.execute(single(timeout_s=5.0), Fake({"a": body}), x=["v"])
    assert outcome.failure
    assert (outcome.failure.kind, outcome.failure.message) == ("internal", "TimeoutError: socket")


async def test_the_first_permanent_failure_stops_the_rest(bench: Bench) -> None:
    async def broken(_task: Task, _inputs: Texts) -> Texts:
        await asyncio.sleep(0.02)
        raise fails("input", "not a video")

    plan = plan_of("x", [Part("a", takes=("x",)), Part("b", takes=("x",))], "a.out b.out")
    fake = Fake({"a": hang, "b": broken})
    outcome = await bench.execute(plan, fake, x=["v"])
    assert outcome.failure
    assert (outcome.status, outcome.failure.message) == ("failed", "not a video")
    assert fake.cancelled == ["a"]
    assert fake.running == {"a": 0, "b": 0}


async def test_a_cancelled_caller_cancels_the_run_and_records_it(bench: Bench) -> None:
    called = asyncio.Event()

    async def body(task: Task, inputs: Texts) -> Texts:
        called.set()
        return await hang(task, inputs)

    fake = Fake({"a": body})
    caller = asyncio.create_task(bench.execute(single(deadline_s=99.0), fake, x=["v"]))
    await called.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert fake.cancelled == ["a"]
    assert len(asyncio.all_tasks()) == 1
    record = bench.record
    assert record.events[-1].event == Cancel(reason="interrupted")
    assert record.outcome
    assert record.outcome.status == "cancelled"
    assert replay(record) == record.outcome


async def test_a_deadline_ends_the_run(bench: Bench) -> None:
    fake = Fake({"a": hang})
    outcome = await bench.execute(single(deadline_s=0.05), fake, x=["v"])
    assert outcome.status == "expired"
    assert fake.cancelled == ["a"]
    assert replay(bench.record) == outcome


async def test_a_task_that_ignores_its_cancellation_is_left_behind(bench: Bench) -> None:
    release = asyncio.Event()

    async def stubborn(_task: Task, _inputs: Texts) -> Texts:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return one()

    settings = ShellSettings(grace_s=0.05)
    outcome = await bench.execute(single(deadline_s=0.02), Fake({"a": stubborn}), settings, x=["v"])
    assert outcome.status == "expired"
    release.set()
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    assert bench.record.outcome == outcome


@pytest.mark.parametrize("settings", [ShellSettings(inline_bytes=60), ShellSettings(inline_bytes=60, cache_bytes=0)])
async def test_large_payloads_go_through_the_store(bench: Bench, settings: ShellSettings) -> None:
    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=3), Part("b", maps=("a.out",), chunk=2)], "b.out")
    items = [f"{n}" * 50 for n in range(9)]
    fake = Fake(
        {
            "a": lambda _, inputs: {"a_out": [item.upper() for item in inputs["xs"]]},
            "b": lambda _, inputs: {"b_out": [item + "!" for item in inputs["a_out"]]},
        }
    )
    outcome = await bench.execute(plan, fake, settings, xs=items)
    assert outcome.status == "succeeded"
    assert bench.outputs() == {"b_out": [item + "!" for item in items]}
    stored = {path.name for path in (bench.path / "objects" / "default" / RUN).iterdir()}
    keys = {piece.payload.key for pieces in outcome.outputs.values() for piece in pieces}
    assert {key.rpartition("/")[2] for key in keys} <= stored
    assert bench.folder.inbox.stat().st_size < 9_000


async def test_small_payloads_stay_in_the_event_as_long_as_they_fit_together(bench: Bench) -> None:
    plan = plan_of("x", [Part("a", takes=("x",), gives=("one", "two", "three"))], "a.one a.two a.three")
    outputs = {"a_one": ["1" * 60], "a_two": ["2" * 20], "a_three": ["3" * 30]}
    fake = Fake({"a": lambda *_: outputs})
    outcome = await bench.execute(plan, fake, ShellSettings(inline_bytes=120, cache_bytes=0), x=["v"])
    assert [bool(pieces[0].payload.key) for pieces in outcome.outputs.values()] == [True, False, False]
    assert bench.outputs() == outputs
    assert len(list((bench.path / "objects" / "default" / RUN).iterdir())) == 1


async def test_the_log_holds_no_more_payloads_than_it_may(bench: Bench) -> None:
    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=1)], "a.out")
    fake = Fake({"a": lambda _, inputs: {"a_out": [item * 100 for item in inputs["xs"]]}})
    outcome = await bench.execute(plan, fake, ShellSettings(log_bytes=400, windows={"a": 1}), xs=list("12345"))
    assert [bool(piece.payload.key) for piece in outcome.outputs["a_out"]] == [False, False, True, True, True]
    assert bench.outputs() == {"a_out": [item * 100 for item in "12345"]}


async def test_inline_payloads_are_read_from_the_log_when_the_cache_has_none(bench: Bench) -> None:
    outcome = await bench.execute(SPLIT, splitting(20), ShellSettings(cache_bytes=0), x=["v"])
    assert outcome.status == "succeeded"
    assert bench.outputs()["each_out"] == [f"v-{n:02}" for n in range(20)]
    assert not (bench.path / "objects").exists()


@pytest.mark.parametrize("message", ["\udcff not text", "long " * 500_000])
async def test_whatever_breaks_in_an_executor_fails_its_task(bench: Bench, message: str) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise RuntimeError(message)

    outcome = await bench.execute(single(), Fake({"a": body}), x=["v"])
    assert outcome.failure
    assert outcome.failure.kind == "internal"
    assert outcome.failure.message.startswith("RuntimeError: ")
    assert replay(bench.record) == outcome


async def test_a_call_that_the_executor_drops_is_made_again(bench: Bench) -> None:
    def dropped_once(task: Task, _inputs: Texts) -> Texts:
        if task.id.endswith("/1"):
            raise asyncio.CancelledError
        return one()

    async with asyncio.timeout(10):
        outcome = await bench.execute(single(), Fake({"a": dropped_once}), x=["v"])
    assert outcome.status == "succeeded"
    failures = [event.failure for event, _ in bench.events if isinstance(event, Failed)]
    assert [(each.kind, each.message) for each in failures] == [("unavailable", "the executor dropped the call")]


class Quit(BaseException):
    """What nobody expects of an executor."""


async def test_a_job_that_breaks_ends_the_run(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise Quit

    plan = plan_of(
        "x", [Part("a", takes=("x",)), Part("b", takes=("x",)), Part("c", takes=("x",))], "a.out b.out c.out"
    )
    with pytest.raises(Quit):
        async with asyncio.timeout(10):
            await bench.execute(plan, Fake({"a": body, "b": body, "c": hang}), x=["v"])
    current = asyncio.current_task()
    assert current
    assert current.cancelling() == 0
    assert len(asyncio.all_tasks()) == 1
    assert bench.record.outcome
    assert bench.record.outcome.status == "cancelled"
    assert bench.record.events[-1].event == Cancel(reason="a job broke: Quit")


async def test_an_observer_that_breaks_ends_the_run_and_the_record_says_so(bench: Bench) -> None:
    def observe(event: Event, _at_s: float, _folded: Folded) -> None:
        if isinstance(event, Started):
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        await execute_run(
            single(), RUN, {"x": tensor(["v"])}, Fake({"a": hang}), bench.folder, observe, store=bench.store
        )
    assert len(asyncio.all_tasks()) == 1
    record = bench.record
    assert record.outcome
    assert (record.outcome.status, record.events[-1].event) == (
        "cancelled",
        Cancel(reason="the driver broke: BrokenPipeError"),
    )
    assert replay(record) == record.outcome


async def test_a_failure_of_what_is_no_text_is_told(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise fails("step", "\udcff")

    outcome = await bench.execute(single(), Fake({"a": body}), x=["v"])
    assert outcome.failure
    assert "surrogates" in outcome.failure.message
    assert replay(bench.record) == outcome


async def test_a_lack_met_after_the_end_is_not_the_outcome(bench: Bench) -> None:
    async def lacking(_task: Task, _inputs: Texts) -> Texts:
        try:
            await asyncio.sleep(600)
        finally:
            raise EnvironmentLack(Problem("disk-full", "objects", "needs room", "none"))

    assert (await bench.execute(single(deadline_s=0.05), Fake({"a": lacking}), x=["v"])).status == "expired"


async def test_a_failure_too_large_for_the_log_is_told_in_short(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise fails("step", "long " * 500_000)

    outcome = await bench.execute(single(), Fake({"a": body}), x=["v"])
    assert outcome.failure
    assert (outcome.status, outcome.failure.kind) == ("failed", "internal")
    assert "bytes" in outcome.failure.message


async def test_outputs_that_the_plan_does_not_know_are_left_and_missing_ones_fail(bench: Bench) -> None:
    fake = Fake({"a": lambda *_: {"other": ["x"]}})
    outcome = await bench.execute(single(), fake, x=["v"])
    assert outcome.failure
    assert "lacks output a_out" in outcome.failure.message


async def test_what_the_machine_lacks_is_raised_after_the_outcome(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        raise EnvironmentLack(Problem("disk-full", "objects", "needs room", "none"))

    with pytest.raises(EnvironmentLack, match="disk-full"):
        await bench.execute(single(retry=3), Fake({"a": body}), x=["v"])
    assert bench.record.outcome
    assert bench.record.outcome.failure
    assert (bench.record.outcome.status, bench.record.outcome.failure.kind) == ("failed", "environment")


async def test_a_record_that_cannot_be_written_stops_the_run(bench: Bench) -> None:
    def body(_task: Task, _inputs: Texts) -> Texts:
        full.enter_context(files_up_to(bench.folder.inbox.stat().st_size + 10))
        return one()

    with ExitStack() as full, pytest.raises(EnvironmentLack, match="record-write"):
        await bench.execute(single(), Fake({"a": body}), x=["v"])
    assert isinstance(bench.record.events[0].event, Submitted)  # what was written before can be read
    assert len(asyncio.all_tasks()) == 1


async def test_a_folder_holds_one_run(bench: Bench) -> None:
    fake = Fake({"a": lambda *_: one()})
    await bench.execute(single(), fake, x=["v"])
    with pytest.raises(EnvironmentLack, match="record-taken"):
        await bench.execute(single(), fake, x=["v"])


async def test_a_thousand_chunks(bench: Bench) -> None:
    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=1, batch=8), Part("b", takes=("a.out",))], "b.out")
    bodies = {
        "a": lambda _, inputs: {"a_out": inputs["xs"]},
        "b": lambda _, inputs: {"b_out": [str(len(inputs["a_out"]))]},
    }
    await bench.execute(plan, Fake(bodies), xs=[str(n) for n in range(1000)])
    assert bench.outputs() == {"b_out": ["1000"]}


async def test_a_start_is_told_of_tasks_that_take_a_while(bench: Bench) -> None:
    """Of others the result says when it was."""

    async def body(task: Task, inputs: Texts) -> Texts:
        await asyncio.sleep(0.3 if inputs["xs"] == ["slow"] else 0.0)
        return {"a_out": inputs["xs"]}

    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=1)], "a.out")
    await bench.execute(plan, Fake({"a": body}), xs=["one", "slow", "three"])
    assert [str(event.task) for event, _ in bench.events if isinstance(event, Started)] == ["a/1/1"]
    progress = Progress(plan)
    for event, at_s in bench.events:
        progress.observe(event, at_s)
    assert {str(each.task) for each in progress.attempts} == {"a/0/1", "a/1/1", "a/2/1"}
    assert progress.segments[0].running == 0
    began = {str(each.task): each.started_s for each in progress.attempts}
    assert all(bench.events[0][1] - 0.01 <= at_s for at_s in began.values())
    assert [each.started_s for each in progress.attempts] == sorted(began.values())
