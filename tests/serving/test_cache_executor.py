"""The executor with a cache: it calls for what is missing alone, once at a time, and keeps nothing that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.serving.cached import Counting, flow, plan_of, read, segment, shout, task, texts

from headrace_dags.plan.model import Segment
from headrace_serving.cache.executor import CachingExecutor
from headrace_serving.cache.flights import Flights
from headrace_serving.cache.limits import Limits
from headrace_serving.cache.store import ResultStore
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Recalled
from headrace_serving.tensors import Tensor
from headrace_serving.wire.optional import LOST, PRESENT

ONCE = segment()
MAPPED = segment((flow("x", many=True),), (flow("y", many=True),), mapped=("x",))
pytestmark = pytest.mark.asyncio


class Watched(Flights[Any, Any]):
    """Flights that tell when so many calls have looked who else is on their way; from then on those wait."""

    looked = 0
    awaited = 0
    all_there: ClassVar[asyncio.Event]

    def under_way(self, keys: Iterable[Any]) -> dict[Any, asyncio.Future[Any]]:
        found = super().under_way(keys)
        Watched.looked += 1
        if Watched.looked == Watched.awaited:
            Watched.all_there.set()
        return found


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], asyncio.Event]:
    """An event of so many calls having looked."""
    monkeypatch.setattr("headrace_serving.cache.executor.Flights", Watched)

    def count(calls: int) -> asyncio.Event:
        Watched.looked, Watched.awaited, Watched.all_there = 0, calls, asyncio.Event()
        return Watched.all_there

    return count


There = Callable[[int], asyncio.Event]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def results(tmp_path: Path, told: list[str]) -> ResultStore:
    return ResultStore(FileStore(tmp_path / "objects"), "local", Limits(), told.append)


def before(inner: Counting, kind: Segment, results: ResultStore) -> CachingExecutor:
    return CachingExecutor(inner, plan_of(kind), results)


async def ask(executor: CachingExecutor, *items: str) -> tuple[list[str], int]:
    """What a task on ``items`` gives, and how many of its calls the cache answered."""
    found = await executor.call(task(), {"x": texts(*items)})
    assert isinstance(found, Recalled)
    return read(found["y"]), found.kept


async def test_the_second_call_is_answered_without_the_server(results: ResultStore) -> None:
    inner = Counting()
    assert await ask(before(inner, ONCE, results), "a") == (["A"], 0)
    assert await ask(before(inner, ONCE, results), "a") == (["A"], 1)
    assert await ask(before(inner, ONCE, results), "b") == (["B"], 0)
    assert inner.asked == [["a"], ["b"]]


async def test_what_is_not_cached_passes(results: ResultStore) -> None:
    inner = Counting()
    plain = before(inner, ONCE.model_copy(update={"cached": False}), results)
    for _ in range(2):
        assert not isinstance(await plain.call(task(), {"x": texts("a")}), Recalled)
    assert inner.asked == [["a"], ["a"]]


async def test_of_a_map_the_missing_items_are_made_together_and_in_order(results: ResultStore) -> None:
    inner = Counting()
    executor = before(inner, MAPPED, results)
    assert await ask(executor, "b", "d") == (["B", "D"], 0)
    assert await ask(executor, "a", "b", "c", "d", "e") == (["A", "B", "C", "D", "E"], 2)
    assert await ask(executor, "e", "a") == (["E", "A"], 2)
    assert inner.asked == [["b", "d"], ["a", "c", "e"]]


async def test_equal_items_of_a_task_are_made_once(results: ResultStore) -> None:
    inner = Counting()
    assert await ask(before(inner, MAPPED, results), "a", "b", "a", "a") == (["A", "B", "A", "A"], 2)
    assert inner.asked == [["a", "b"]]


async def test_no_items_need_nothing(results: ResultStore) -> None:
    found = await before(Counting(), MAPPED, results).call(task(), {"x": texts()})
    assert found["y"].items == 0


async def test_equal_calls_at_the_same_time_are_made_once(results: ResultStore, there: There) -> None:
    inner = Counting(gate=there(3))
    executor = before(inner, MAPPED, results)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(ask(executor, "a", "b"))
        await inner.begun.wait()
        inner.begun.clear()
        second = group.create_task(ask(executor, "b", "c"))
        await inner.begun.wait()
        third = group.create_task(ask(executor, "c", "a"))
    assert [first.result(), second.result(), third.result()] == [(["A", "B"], 0), (["B", "C"], 1), (["C", "A"], 2)]
    assert inner.asked == [["a", "b"], ["c"]]


async def test_one_flight_also_where_nothing_can_be_kept(tmp_path: Path, there: There) -> None:
    (tmp_path / "cache").write_text("no folder")
    inner = Counting(gate=there(5))
    executor = before(inner, ONCE, ResultStore(FileStore(tmp_path), "local", Limits(), lambda _: None))
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(ask(executor, "a")) for _ in range(5)]
    assert sorted(each.result()[1] for each in calls) == [0, 1, 1, 1, 1]
    assert inner.asked == [["a"]]


async def test_runs_do_not_take_each_others_objects_in_flight(results: ResultStore) -> None:
    inner = Counting(gate=asyncio.Event())
    executor = before(inner, ONCE, results)
    async with asyncio.TaskGroup() as group:
        for run in ("local/one", "local/two"):
            inner.begun.clear()
            group.create_task(executor.call(task(run), {"x": texts("a")}))
            await inner.begun.wait()
        assert inner.gate
        inner.gate.set()
    assert inner.asked == [["a"], ["a"]]


class Fragile:
    """Fails while it is told to."""

    def __init__(self) -> None:
        self.broken = True

    def __call__(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        items = read(inputs["x"])
        if self.broken and "bad" in items:
            raise TaskFailed(TaskFailure(kind="step", message="no", item=items.index("bad")))
        return shout(inputs)


async def test_what_fails_is_not_kept_and_tells_its_item(results: ResultStore) -> None:
    body = Fragile()
    inner = Counting(body)
    executor = before(inner, MAPPED, results)
    await ask(executor, "a", "b")
    with pytest.raises(TaskFailed) as caught:
        await ask(executor, "a", "c", "b", "bad", "d")
    assert caught.value.failure.item == 3, "counted from the task's first, not from the first that was missing"
    body.broken = False
    assert await ask(executor, "a", "c", "b", "bad", "d") == (["A", "C", "B", "BAD", "D"], 2)
    assert inner.asked[1:] == [["c", "bad", "d"]] * 2


async def test_who_waits_for_a_call_that_fails_makes_it_itself(results: ResultStore, there: There) -> None:
    body = Fragile()
    inner = Counting(body, gate=there(2))
    executor = before(inner, ONCE, results)
    first = asyncio.create_task(ask(executor, "bad"))
    await inner.begun.wait()
    second = asyncio.create_task(ask(executor, "bad"))
    with pytest.raises(TaskFailed):
        await first
    with pytest.raises(TaskFailed):
        await second
    assert inner.asked == [["bad"], ["bad"]]


async def test_cancelling_who_makes_a_call_leaves_it_to_who_waits(results: ResultStore, there: There) -> None:
    waits = there(2)
    inner = Counting(gate=asyncio.Event())
    executor = before(inner, ONCE, results)
    first = asyncio.create_task(ask(executor, "a"))
    await inner.begun.wait()
    inner.begun.clear()
    second = asyncio.create_task(ask(executor, "a"))
    await waits.wait()
    first.cancel()
    await inner.begun.wait()
    assert inner.gate
    inner.gate.set()
    assert await second == (["A"], 0)
    assert first.cancelled()


async def test_cancelling_who_waits_disturbs_nobody(results: ResultStore) -> None:
    inner = Counting(gate=asyncio.Event())
    executor = before(inner, MAPPED, results)
    first = asyncio.create_task(ask(executor, "a"))
    await inner.begun.wait()
    inner.begun.clear()
    second = asyncio.create_task(ask(executor, "a", "b"))
    await inner.begun.wait()
    second.cancel()
    assert inner.gate
    inner.gate.set()
    assert await first == (["A"], 0)
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_items_that_a_tolerant_map_lost_are_not_kept(results: ResultStore) -> None:
    kind = segment((flow("x", many=True),), (flow("y", many=True, optional=True),), mapped=("x",), tolerant=0.1)

    def some(inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        failure = TaskFailure(kind="step", message="no").model_dump_json().encode()
        items = [LOST + failure if item == "bad" else PRESENT + item.upper().encode() for item in read(inputs["x"])]
        return {"y": Tensor.of_bytes(items)}

    inner = Counting(some)
    executor = before(inner, kind, results)
    for kept in (0, 2):
        found, answered = await ask(executor, "a", "bad", "b")
        assert [item[:1].encode() for item in found] == [PRESENT, LOST, PRESENT]
        assert answered == kept
    assert inner.asked == [["a", "bad", "b"], ["bad"]]


def damage(folder: Path) -> None:
    """Spoil the only result that is kept."""
    (file,) = folder.rglob("result")
    file.write_bytes(b"?")


async def test_a_damaged_result_is_told_and_made_again(results: ResultStore, told: list[str], tmp_path: Path) -> None:
    inner = Counting()
    executor = before(inner, ONCE, results)
    await ask(executor, "a")
    damage(tmp_path)
    assert await ask(executor, "a") == (["A"], 0)
    assert len(told) == 1
    assert await ask(executor, "a") == (["A"], 1)


@pytest.mark.parametrize(("kind", "made"), [(MAPPED, ["one"]), (ONCE, ["one", "too many"])])
async def test_what_holds_another_number_of_items_is_not_kept(
    kind: Segment, made: list[str], results: ResultStore
) -> None:
    executor = before(Counting(lambda _: {"y": texts(*made)}), kind, results)
    given = ("a", "b") if kind.mapped else ("a",)
    for _ in range(2):
        with pytest.raises(TaskFailed, match="output y of shout holds"):
            await ask(executor, *given)


async def test_leaving_lets_go_of_what_is_too_old(results: ResultStore, tmp_path: Path) -> None:
    inner = Counting()
    async with before(inner, ONCE, results) as executor:
        await ask(executor, "a")
    short = ResultStore(FileStore(tmp_path / "objects"), "local", Limits(age_s=0), lambda _: None)
    async with before(inner, ONCE, short) as executor:
        assert await ask(executor, "b") == (["B"], 0)
    assert await ask(before(inner, ONCE, results), "a") == (["A"], 0)
