"""Streams through the driver: items are events the moment they are there, each once, and the result is all of them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.events.fakes import RUN, Bench, Fake, Texts, tensor
from tests.events.plans import Part, plan_of

from headrace_dags.plan.model import Plan
from headrace_events.engine.events import Event, Failed, Item, Result, Submitted, TimerFired
from headrace_events.engine.progress import Progress
from headrace_events.engine.replay import replay
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.shell import execute_run
from headrace_events.engine.state import Folded
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.runtimes.contract import Take, Task

pytestmark = pytest.mark.asyncio

TALK = Part("talk", takes=("x",), gives=("out*",), retry=2, streams=True)
ALONE = plan_of("x", [TALK], "talk.out")
COUNTED = plan_of("x", [TALK, Part("each", maps=("talk.out",), chunk=2)], "talk.out each.out")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def talk(_task: Task, inputs: Texts) -> AsyncIterator[str]:
    for word in inputs["x"][0].split():
        yield word


def items(bench: Bench) -> list[tuple[int, str, str]]:
    return [(event.index, event.shown, str(event.task)) for event, _ in bench.events if isinstance(event, Item)]


async def test_items_are_events_before_the_result_is_there(bench: Bench) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()

    async def gated(_task: Task, _inputs: Texts) -> AsyncIterator[str]:
        for number in range(3):
            yield f"w{number}"
            assert await seen.get() == number

    def observe(event: Event, at_s: float, _folded: Folded) -> None:
        bench.events.append((event, at_s))
        if isinstance(event, Item):
            seen.put_nowait(event.index)

    fake = Fake({}, {"talk": gated})
    outcome = await execute_run(ALONE, RUN, {"x": tensor(["v"])}, fake, bench.folder, observe, store=bench.store)
    assert outcome.status == "succeeded"
    assert [type(event) for event, _ in bench.events] == [Submitted, Item, Item, Item, Result]
    assert bench.outputs() == {"talk_out": ["w0", "w1", "w2"]}
    assert replay(bench.record) == outcome == bench.record.outcome


@pytest.mark.parametrize("text", ["", "one", "one two three four five"])
async def test_others_take_the_list(bench: Bench, text: str) -> None:
    fake = Fake({"each": lambda _, inputs: {"each_out": [item.upper() for item in inputs["talk_out"]]}}, {"talk": talk})
    outcome = await bench.execute(COUNTED, fake, x=[text])
    assert outcome.status == "succeeded"
    assert bench.outputs() == {"talk_out": text.split(), "each_out": text.upper().split()}
    progress = Progress(COUNTED)
    for event, at_s in bench.events:
        progress.observe(event, at_s)
    assert progress.segments[0].streamed == len(text.split())


async def test_a_stream_that_breaks_off_goes_on_where_it_was(bench: Bench) -> None:
    async def flaky(task: Task, _inputs: Texts) -> AsyncIterator[str]:
        attempt = int(task.id[-1])
        for number in range(2 * attempt):
            yield f"{number} of {attempt}"
        if attempt < 3:
            raise TaskFailed(TaskFailure(kind="step", message="broke"))

    fake = Fake({}, {"talk": flaky})
    outcome = await bench.execute(ALONE, fake, x=["v"])
    assert outcome.status == "succeeded"
    assert fake.calls == ["talk/0/1 from 0", "talk/0/2 from 2", "talk/0/3 from 4"]
    made = ["0 of 1", "1 of 1", "2 of 2", "3 of 2", "4 of 3", "5 of 3"]
    assert [shown for _, shown, _ in items(bench)] == made, "of items that differ the first counts"
    assert [task[-1] for *_, task in items(bench)] == list("112233")
    assert bench.outputs() == {"talk_out": made}
    kinds = [type(event) for event, _ in bench.events if not isinstance(event, Item)]
    assert kinds == [Submitted, Failed, TimerFired, Failed, TimerFired, Result]
    assert replay(bench.record) == outcome


async def test_items_of_a_run_that_fails_stay_in_its_record(bench: Bench) -> None:
    async def broken(_task: Task, _inputs: Texts) -> AsyncIterator[str]:
        yield "first"
        raise TaskFailed(TaskFailure(kind="input", message="cut off"))

    outcome = await bench.execute(ALONE, Fake({}, {"talk": broken}), x=["v"])
    assert outcome.status == "failed"
    (item,) = [each.event for each in bench.record.events if isinstance(each.event, Item)]
    tensor = bench.record.tensor(item.outputs["talk_out"], bench.store)
    assert tensor.array.item() == b"first"
    assert replay(bench.record) == outcome


async def test_an_executor_that_gives_an_item_twice_changes_nothing(bench: Bench) -> None:
    class Twice(Fake):
        async def stream(self, task: Task, inputs: object, take: Take) -> None:
            for index in (0, 0, 1, 0, 1, 2):
                await take(index, {"talk_out": tensor([f"w{index}"])})

    outcome = await bench.execute(ALONE, Twice({}), x=["v"])
    assert outcome.status == "succeeded"
    assert [index for index, *_ in items(bench)] == [0, 1, 2]
    assert bench.outputs() == {"talk_out": ["w0", "w1", "w2"]}


async def test_large_items_go_through_the_store_and_are_shown_in_short(bench: Bench) -> None:
    async def long(_task: Task, _inputs: Texts) -> AsyncIterator[str]:
        for sign in "ab":
            yield sign * 500

    outcome = await bench.execute(ALONE, Fake({}, {"talk": long}), ShellSettings(inline_bytes=100), x=["v"])
    assert outcome.status == "succeeded"
    assert bench.outputs() == {"talk_out": ["a" * 500, "b" * 500]}
    assert [shown for _, shown, _ in items(bench)] == ["a" * 199 + "…", "b" * 199 + "…"]
    stored = [event.outputs["talk_out"].key for event, _ in bench.events if isinstance(event, Item)]
    assert all(stored)


async def test_a_run_that_is_cancelled_in_the_middle_of_a_stream(bench: Bench) -> None:
    begun = asyncio.Event()

    async def endless(_task: Task, _inputs: Texts) -> AsyncIterator[str]:
        yield "first"
        begun.set()
        await asyncio.Event().wait()
        yield "never"

    caller = asyncio.create_task(bench.execute(ALONE, Fake({}, {"talk": endless}), x=["v"]))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert bench.record.outcome
    assert bench.record.outcome.status == "cancelled"
    assert len(items(bench)) == 1


def limited() -> Plan:
    return plan_of("x", [Part("talk", takes=("x",), gives=("out*",), timeout_s=0.05, streams=True)], "talk.out")


async def test_the_limit_holds_for_the_whole_stream(bench: Bench) -> None:
    async def slow(_task: Task, _inputs: Texts) -> AsyncIterator[str]:
        yield "first"
        await asyncio.sleep(600)
        yield "never"

    outcome = await bench.execute(limited(), Fake({}, {"talk": slow}), x=["v"])
    assert outcome.failure
    assert (outcome.failure.kind, outcome.failure.message) == ("timeout", "no answer within 0.05 s")
