"""What may go wrong in the durable engine, on every log: bad records, replicas that come and go, state that cannot be read."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.events.fakes import Fake, Texts, tensor
from tests.events.installation import Installation
from tests.events.plans import Part, plan_of
from tests.events.test_engine import eventually, here, log  # noqa: F401 - fixtures
from tests.events.test_shell import SPLIT, fails, one, single, splitting

from headrace_events.codec.events import Home
from headrace_events.codec.orders import Order
from headrace_events.codec.parts import Part as Tensors
from headrace_events.engine.events import Item, Payload, Result, Submitted, TaskKey
from headrace_events.engine.runid import new_run_id
from headrace_events.log.contract import Draft, Mark
from headrace_serving.runtimes.contract import Task

pytestmark = pytest.mark.asyncio


def answers(plan_answer: str = "done") -> Fake:
    return Fake({"a": lambda _, inputs: one(plan_answer)})


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (b"garbage", ()),
        (None, ()),
        (b"{}", (("content-type", "application/json"),)),
        (b"\xff\xff", (("content-type", "application/x-protobuf"), ("ce_type", "dev.headrace.submitted.v1"))),
    ],
)
async def test_no_record_stops_a_partition(
    here: Installation,  # noqa: F811
    value: bytes | None,
    headers: tuple[tuple[str, str], ...],
) -> None:
    plan = single()
    await here.begin(plan, answers())
    for number in (0, 1):
        await here.log.append(Draft(here.topics.name("inbox"), number, "nobody", value, headers))
    for _ in range(4):
        await here.outcome(await here.submit(plan, x=["v"]))
    dead = await here.all("dead")
    assert sorted(dict(each.draft.headers)["headrace_from"] for each in dead) == [
        "headrace.inbox/0/0",
        "headrace.inbox/1/0",
    ]
    assert all("expects" in dict(each.draft.headers)["headrace_reason"] for each in dead)
    assert [each.draft.value for each in dead] == [value] * 2


async def test_a_record_that_cannot_be_read_ends_the_run_it_is_for(here: Installation) -> None:  # noqa: F811
    gate = asyncio.Event()

    async def body(_task: Task, _inputs: Texts) -> Texts:
        await gate.wait()
        return one()

    plan, fake = single(), Fake({"a": body})
    await here.begin(plan, fake)
    run = await here.submit(plan, x=["v"])
    await eventually(lambda: len(fake.calls) == 1)
    await here.log.append(Draft(here.topics.name("inbox"), int(run[0]), run, b"garbage"))
    outcome = await here.outcome(run)
    assert outcome.status == "failed"
    assert outcome.failure
    assert outcome.failure.kind == "internal"
    assert "cannot be handled" in outcome.failure.message
    gate.set()


async def test_a_result_of_another_shape_ends_the_run(here: Installation) -> None:  # noqa: F811
    plan, fake = single(), Fake({"a": lambda _, inputs: {"a_out": ["one", "two"]}})
    await here.begin(plan, fake)
    outcome = await here.outcome(await here.submit(plan, x=["v"]))
    assert outcome.failure
    assert "holds 2 items, expected 1" in outcome.failure.message


async def test_events_of_runs_that_are_not_there_are_dropped_and_counted(here: Installation) -> None:  # noqa: F811
    plan = single()
    await here.begin(plan, answers())
    result = Result(task=TaskKey(segment="a"), outputs={})
    for number in (0, 1):
        await here.log.append(Home(here.topics.name("inbox"), number, "nobody").draft(result))
    for _ in range(4):
        await here.outcome(await here.submit(plan, x=["v"]))
    assert [shard.dropped for shard in here.orchestrators[0].shards.values()] == [1, 1]
    assert await here.all("dead") == []


async def test_a_run_of_a_plan_that_is_not_there_ends(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("headrace_events.plans._WAIT_S", 0.1)
    monkeypatch.setattr("headrace_events.plans.Plans.plan.__defaults__", (0.1,))
    await here.begin(single(), answers())
    run = new_run_id(b"s", 2)
    event = Submitted(run=str(run), plan="ab" * 32, inputs={})
    await here.log.append(Home(here.topics.name("inbox"), run.partition, str(run)).draft(event))
    outcome = await here.outcome(str(run))
    assert outcome.failure
    assert f"no plan/{'ab' * 32} is deployed" in outcome.failure.message
    assert len(await here.all("dead")) == 1


async def test_an_order_that_cannot_be_read_stops_no_worker(here: Installation) -> None:  # noqa: F811
    plan = single()
    await here.begin(plan, answers())
    topic = here.topics.tasks(plan, plan.segments[0])
    for number in (0, 1):
        await here.log.append(Draft(topic, number, "", b"garbage"))
    for _ in range(4):
        await here.outcome(await here.submit(plan, x=["v"]))
    assert {dict(each.draft.headers)["headrace_from"] for each in await here.all("dead")} == {
        f"{topic}/{n}/0" for n in (0, 1)
    }


async def test_an_order_with_an_object_of_another_tenant_fails(here: Installation) -> None:  # noqa: F811
    plan = single()
    await here.begin(plan, answers())
    theirs = here.store.put("theirs/run", __import__("io").BytesIO(b"secret"), "text/plain")
    run = new_run_id(b"s", 2)
    inputs = {"x": Payload(items=1, nbytes=6, key=theirs.key)}
    event = Submitted(run=str(run), plan=plan.digest, inputs=inputs)
    await here.log.append(Home(here.topics.name("inbox"), run.partition, str(run)).draft(event))
    outcome = await here.outcome(str(run))
    assert outcome.failure
    assert "expects an object of default, got 'theirs/run/" in outcome.failure.message


async def test_a_state_that_cannot_be_read_ends_its_run_and_no_other(here: Installation) -> None:  # noqa: F811
    plan = single()
    await here.log.declare(here.topics.shared())
    for number in (0, 1):
        await here.log.append(Draft(here.topics.name("state"), number, f"{number}-broken", b"garbage"))
    await here.begin(plan, answers())
    for number in (0, 1):
        outcome = await here.outcome(f"{number}-broken")
        assert outcome.failure
        assert "the state of the run cannot be read" in outcome.failure.message
    await here.outcome(await here.submit(plan, x=["v"]))
    await eventually(lambda: not any(shard.runs for shard in here.orchestrators[0].shards.values()))


async def test_replicas_share_and_hand_over(here: Installation) -> None:  # noqa: F811
    """Runs go on wherever their partition goes, and what was done is not done again."""
    await here.begin(SPLIT, splitting(30))
    first = [await here.submit(SPLIT, x=[f"a{n}"]) for n in range(20)]
    here.orchestrate()
    await eventually(lambda: [len(each.shards) for each in here.orchestrators] == [1, 1])
    second = [await here.submit(SPLIT, x=[f"b{n}"]) for n in range(20)]
    here.jobs[1].cancel()
    await eventually(lambda: [len(each.shards) for each in here.orchestrators] == [0, 2])
    third = [await here.submit(SPLIT, x=[f"c{n}"]) for n in range(5)]
    for runs, letter in ((first, "a"), (second, "b"), (third, "c")):
        for n, run in enumerate(runs):
            assert (await here.outputs(run, SPLIT))["each_out"] == [f"{letter}{n}-{k:02}" for k in range(30)]
            assert len(await here.outcomes(run)) == 1


async def test_workers_share_and_hand_over(here: Installation) -> None:  # noqa: F811
    fakes = [splitting(30), splitting(30)]
    await here.begin(SPLIT, fakes[0])
    runs = [await here.submit(SPLIT, x=[f"v{n}"]) for n in range(20)]
    here.work(SPLIT, fakes[1])
    await eventually(lambda: len(fakes[1].calls) > 10)
    here.jobs[2].cancel()
    runs += [await here.submit(SPLIT, x=[f"v{n}"]) for n in range(20, 30)]
    for n, run in enumerate(runs):
        assert (await here.outputs(run, SPLIT))["each_out"] == [f"v{n}-{k:02}" for k in range(30)]
    calls = [*fakes[0].calls, *fakes[1].calls]
    assert len(calls) == len(set(calls)), "who leaves finishes what it began"


async def test_nothing_is_left_of_runs_that_have_ended(here: Installation) -> None:  # noqa: F811
    await here.begin(SPLIT, splitting(200))
    runs = [await here.submit(SPLIT, x=[f"v{n}"]) for n in range(6)]
    for run in runs:
        await here.outcome(run)
    for job in here.jobs[1:2]:
        job.cancel()
        await asyncio.wait({job})
    left: dict[str, bytes | None] = {}
    for number in (0, 1):
        left |= {each.draft.key: each.draft.value for each in await here.all("state", number)}
    assert set(left.values()) <= {None}
    ended = [each.draft.key for number in (0, 1) for each in await here.all("ended", number)]
    assert sorted(ended) == sorted(runs)
    for number in (0, 1):
        committed = await here.log.committed("orchestrator", here.topics.name("inbox"), number)
        assert committed == Mark(await here.log.end(here.topics.name("inbox"), number))


async def test_a_stream_goes_on_where_it_broke_off(here: Installation) -> None:  # noqa: F811
    async def counting(task: Task, inputs: Texts) -> AsyncIterator[str]:
        for number in range(6):
            if number == 4 and task.id.endswith("/1"):
                raise fails("unavailable")
            yield f"{inputs['x'][0]}{number}"

    plan = plan_of("x", [Part("a", takes=("x",), gives=("out*",), streams=True)], "a.out")
    fake = Fake({}, {"a": counting})
    await here.begin(plan, fake)
    run = await here.submit(plan, x=["v"])
    assert await here.outputs(run, plan) == {"a_out": [f"v{n}" for n in range(6)]}
    items = [event.index for event in await here.events(run) if isinstance(event, Item)]
    assert items == list(range(6))
    assert [call.removeprefix(f"{run}/") for call in fake.calls] == ["a/0/1 from 0", "a/0/2 from 4"]


async def test_a_task_that_takes_its_worker_down_each_time_is_not_begun_again(here: Installation) -> None:  # noqa: F811
    """As the log tells it: begun three times and never done, while the one behind it is done."""
    plan, fake = single(), answers()
    await here.log.declare((*here.topics.shared(), *here.topics.of(plan)))
    here.start(here.plans.follow())
    await here.plans.deploy(plan)
    here.orchestrate()
    run = await here.submit(plan, x=["v"])
    topic = here.topics.tasks(plan, plan.segments[0])
    found: list[Order] = []
    async with asyncio.timeout(20):
        while not found:
            for number in (0, 1):
                for entry in await here.log.fetch(topic, number, 0, wait_s=0.05):
                    found.append(Order.read(entry))
                    member = await here.log.join(f"workers.{topic}", topic)
                    await member.changed()
                    await here.log.checkpoint(member.owner, [], {number: Mark(entry.offset, ";0x3")})
                    await member.leave()
    here.work(plan, fake)
    outcome = await here.outcome(run)
    assert outcome.failure
    assert (outcome.failure.kind, fake.calls) == ("crashed", [])
    assert "died each of the 3 times" in outcome.failure.message
    assert found[0].parts == {"x": Tensors.of(tensor(["v"]))}
    await here.outcome(await here.submit(plan, x=["v"]))


async def test_a_part_that_is_not_what_it_says_fails_its_run_alone(here: Installation) -> None:  # noqa: F811
    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=2)], "a.out")
    await here.begin(plan, Fake({"a": lambda _, inputs: {"a_out": inputs["xs"]}}))
    for wrong in (Tensors("BYTES", (3, 1), b"\x09"), Tensors("FP99", (3, 4), b"abc"), Tensors("FP32", (3, 2), b"abc")):
        run = new_run_id(b"s", 2)
        event = Submitted(run=str(run), plan=plan.digest, inputs={"xs": Payload(items=3, nbytes=1, part="xs")})
        await here.log.append(Home(here.topics.name("inbox"), run.partition, str(run)).draft(event, {"xs": wrong}))
        outcome = await here.outcome(str(run))
        assert outcome.failure
        assert (outcome.status, outcome.failure.kind) == ("failed", "internal")
    assert await here.outputs(await here.submit(plan, xs=["v", "w", "x"]), plan) == {"a_out": ["v", "w", "x"]}


async def test_a_state_that_no_record_can_hold_ends_its_run_alone(
    here: Installation,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headrace_events.orchestrator.shard.MAX_RECORD_BYTES", 900)
    gate = asyncio.Event()

    async def body(_task: Task, inputs: Texts) -> Texts:
        await gate.wait()
        return {"a_out": inputs["xs"]}

    plan = plan_of("xs*", [Part("a", maps=("xs",), chunk=1)], "a.out")
    await here.begin(plan, Fake({"a": body}))
    small = await here.submit(plan, xs=["v"])
    large = new_run_id(b"s", 2)
    keys = tuple(f"a key of some length {n}" for n in range(80))
    inputs = {"xs": Payload(items=80, nbytes=1, part="xs", keys=keys)}
    event = Submitted(run=str(large), plan=plan.digest, inputs=inputs)
    parts = {"xs": Tensors.of(tensor(["v"] * 80))}
    await here.log.append(Home(here.topics.name("inbox"), large.partition, str(large)).draft(event, parts))
    outcome = await here.outcome(str(large))
    assert outcome.failure
    assert "takes more than the 900 bytes of a record" in outcome.failure.message
    gate.set()
    assert await here.outputs(small, plan) == {"a_out": ["v"]}


async def test_a_task_that_was_let_go_in_good_order_is_no_suspect(here: Installation) -> None:  # noqa: F811
    async def stuck(_task: Task, _inputs: Texts) -> Texts:
        await asyncio.sleep(600)
        raise AssertionError

    plan = single()
    await here.begin(plan, Fake({"a": stuck}), grace_s=0.0)
    run = await here.submit(plan, x=["v"])
    for _ in range(4):
        await asyncio.sleep(0.1)
        here.jobs[-1].cancel()
        await asyncio.wait({here.jobs[-1]})
        here.work(plan, Fake({"a": stuck}), grace_s=0.0)
    here.jobs[-1].cancel()
    here.work(plan, answers())
    assert await here.outputs(run, plan) == {"a_out": ["done"]}
