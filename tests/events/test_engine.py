"""The durable engine as a whole, on every log: what is accepted is answered, whatever dies meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from tests.events.fakes import Fake, Texts
from tests.events.installation import Installation
from tests.events.plans import Part, plan_of
from tests.events.test_shell import SPLIT, fails, hang, one, single, splitting

from headrace_events.ingress import Rejected
from headrace_events.log.contract import Log
from headrace_events.log.memory.log import MemoryLog
from headrace_events.log.sqlite.log import SqliteLog
from headrace_events.orchestrator.replica import Pace
from headrace_serving.runtimes.contract import Task

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    log: Log = MemoryLog() if request.param == "memory" else await SqliteLog.open(tmp_path / "log")
    yield log
    await log.close()


@pytest_asyncio.fixture
async def here(log: Log, tmp_path: Path) -> AsyncIterator[Installation]:
    installation = Installation(log, tmp_path)
    yield installation
    await installation.end()


async def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what it looks at is nobody's event
            await asyncio.sleep(0.01)


async def test_a_run_is_answered(here: Installation) -> None:
    plan = single()
    await here.begin(plan, Fake({"a": lambda _, inputs: one(inputs["x"][0] + "!")}))
    run = await here.submit(plan, x=["v"])
    assert await here.outputs(run, plan) == {"a_out": ["v!"]}


async def test_a_map_over_hops_keeps_its_order(here: Installation) -> None:
    await here.begin(SPLIT, splitting(37))
    run = await here.submit(SPLIT, x=["v"])
    each = [f"v-{n:02}" for n in range(37)]
    assert await here.outputs(run, SPLIT) == {"join_out": ["+".join(each)], "each_out": each}


async def test_many_runs_at_once(here: Installation) -> None:
    await here.begin(SPLIT, splitting(9))
    runs = await asyncio.gather(*(here.submit(SPLIT, x=[f"v{n}"]) for n in range(40)))
    for n, run in enumerate(runs):
        assert (await here.outputs(run, SPLIT))["each_out"] == [f"v{n}-{k:02}" for k in range(9)]


async def test_a_step_that_fails_is_tried_again(here: Installation) -> None:
    def flaky(task: Task, _inputs: Texts) -> Texts:
        if task.id.endswith("/1"):
            raise fails("step")
        return one()

    plan = single(retry=1)
    fake = Fake({"a": flaky})
    await here.begin(plan, fake)
    run = await here.submit(plan, x=["v"])
    assert await here.outputs(run, plan) == {"a_out": ["done"]}
    assert [call.removeprefix(f"{run}/") for call in fake.calls] == ["a/0/1", "a/0/2"]


async def test_a_failure_for_good_ends_the_run(here: Installation) -> None:
    def broken(_task: Task, _inputs: Texts) -> Texts:
        raise fails("input", "no such page")

    plan = single(retry=3)
    await here.begin(plan, Fake({"a": broken}))
    outcome = await here.outcome(await here.submit(plan, x=["v"]))
    assert outcome.status == "failed"
    assert outcome.failure
    assert (outcome.failure.kind, outcome.failure.message) == ("input", "no such page")


async def test_a_run_expires_and_its_task_is_cancelled(here: Installation) -> None:
    plan, fake = single(deadline_s=0.2), Fake({"a": hang})
    await here.begin(plan, fake)
    assert (await here.outcome(await here.submit(plan, x=["v"]))).status == "expired"
    await eventually(lambda: fake.cancelled == ["a"])


async def test_a_run_is_cancelled(here: Installation) -> None:
    plan, fake = single(), Fake({"a": hang})
    await here.begin(plan, fake)
    run = await here.submit(plan, x=["v"])
    await eventually(lambda: len(fake.calls) == 1)
    await here.ingress.cancel(run, "not today")
    outcome = await here.outcome(run)
    assert (outcome.status, outcome.failure and outcome.failure.message) == ("cancelled", "not today")
    await eventually(lambda: fake.cancelled == ["a"])
    fake.bodies = {"a": lambda _, inputs: one()}
    assert await here.outputs(await here.submit(plan, x=["v"]), plan) == {"a_out": ["done"]}


async def test_a_run_that_this_installation_did_not_give_out_is_not_cancelled(here: Installation) -> None:
    with pytest.raises(Rejected, match="not given out"):
        await here.ingress.cancel("0-" + "0" * 32 + "-00000000")


async def test_a_submit_that_is_repeated_is_run_once(here: Installation) -> None:
    plan, fake = single(), Fake({"a": lambda _, inputs: one()})
    await here.begin(plan, fake)
    runs = {await here.submit(plan, key="order-7", x=["v"]) for _ in range(3)}
    assert len(runs) == 1
    (run,) = runs
    await here.outcome(run)
    assert await here.submit(plan, key="order-7", x=["v"]) == run
    other = await here.submit(plan, key="order-8", x=["v"])
    await here.outcome(other)
    assert len(fake.calls) == 2
    assert len(await here.outcomes(run)) == 1


async def test_what_is_no_input_of_the_dag_is_not_accepted(here: Installation) -> None:
    plan = single()
    await here.begin(plan, Fake({}))
    with pytest.raises(Rejected, match="has no input y; it takes x"):
        await here.submit(plan, y=["v"])
    with pytest.raises(Rejected, match="expects one item, got 2"):
        await here.submit(plan, x=["v", "w"])
    assert await here.all("inbox", 0) == await here.all("inbox", 1) == []


async def test_large_values_travel_by_claim_check(here: Installation) -> None:
    plan = plan_of("x", [Part("a", takes=("x",)), Part("b", takes=("a.out", "x"))], "b.out")
    bodies = {
        "a": lambda _, inputs: {"a_out": [inputs["x"][0] * 3]},
        "b": lambda _, inputs: {"b_out": [inputs["a_out"][0] + inputs["x"][0]]},
    }
    await here.begin(plan, Fake(bodies))
    for size in (200_000, 600_000):
        run = await here.submit(plan, x=["x" * size])
        assert await here.outputs(run, plan) == {"b_out": ["x" * 4 * size]}
        assert list((here.path / "objects" / "default" / run).iterdir())


async def test_tasks_are_ordered_up_to_a_window_and_by_priority(here: Installation) -> None:
    gate = asyncio.Event()

    async def body(_task: Task, inputs: Texts) -> Texts:
        await gate.wait()
        return one()

    plan, fake = single(), Fake({"a": body})
    await here.begin(plan, fake, places=lambda _: 1)
    here.orchestrators[0]._replica.pace = Pace(window=lambda _: 1)
    first = await here.submit(plan, x=["v"])
    await eventually(lambda: len(fake.calls) == 1)
    late = [await here.submit(plan, x=["v"], priority=priority) for priority in (0, 5, 9)]
    await eventually(lambda: sum(map(here.is_known, late)) == 3)
    gate.set()
    for run in (first, *late):
        await here.outcome(run)
    assert [call.removesuffix("/a/0/1") for call in fake.calls] == [first, *reversed(late)]
    assert fake.most == {"a": 1}


@pytest.mark.parametrize("size", [1, 3_000])
async def test_values_of_very_many_pieces(here: Installation, size: int) -> None:
    """More chunks than a record could name: gathered into one object, small ones and those that lie in the store."""
    plan = plan_of(
        "xs*",
        [Part("a", maps=("xs",), chunk=1), Part("b", takes=("a.out",)), Part("c", maps=("a.out",), chunk=100)],
        "a.out b.out c.out",
    )
    bodies = {
        "a": lambda _, inputs: {"a_out": [each * size for each in inputs["xs"]]},
        "b": lambda _, inputs: {"b_out": [str(len("".join(inputs["a_out"])))]},
        "c": lambda _, inputs: {"c_out": [each[:2] for each in inputs["a_out"]]},
    }
    await here.begin(plan, Fake(bodies), places=lambda _: 16)
    items = [f"{n % 100:02}" for n in range(300)]
    run = await here.submit(plan, xs=items)
    found = await here.outputs(run, plan)
    assert found["a_out"] == [each * size for each in items]
    assert (found["b_out"], found["c_out"]) == ([str(600 * size)], items)
    assert all(len(pieces) <= 64 for pieces in (await here.outcome(run)).outputs.values())
