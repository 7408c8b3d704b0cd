"""What every runtime does with a segment that streams. Beside the other behaviours, on the executor that serves them."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conformance.runtimes import Driver

from headrace_dags.declare.dag import Dag
from headrace_dags.plan.model import AHEAD, Flow
from headrace_serving.codec import Sink, encode
from headrace_serving.failure import TaskFailed
from headrace_serving.runtimes.contract import Task
from headrace_serving.tensors import Tensor

_PATIENCE_S = 30.0
_numbers = itertools.count(1)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(0.002)


@dataclass
class Stream:
    """One task of a stream, and the folder that its body and the test see."""

    driver: Driver
    dag: Dag[..., Any]
    folder: Path
    count: int
    have: int = 0
    deadline_s: float | None = _PATIENCE_S
    items: list[tuple[int, Tensor]] = field(default_factory=list)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1_000))

    async def take(self, index: int, outputs: Mapping[str, Tensor]) -> None:
        ((_, item),) = outputs.items()
        self.items.append((index, item))
        await self.room.acquire()

    @property
    def texts(self) -> list[str]:
        return [item.array.item().decode() for _, item in self.items]

    def made(self) -> int:
        return len(list(self.folder.glob("made-*")))

    def open(self, *gates: int) -> None:
        for gate in gates:
            (self.folder / f"gate-{gate}").touch()

    def is_closed(self) -> bool:
        return (self.folder / "closed").exists()

    def runs(self) -> list[str]:
        return (self.folder / "runs").read_text().split()

    def begin(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self.run())

    async def run(self) -> None:
        plan = self.driver.served.plans[self.dag.__name__]
        (segment,) = plan.segments
        sink = Sink(self.driver.store, self.driver.prefix)
        values = {"folder": str(self.folder), "count": self.count}
        inputs = {flow.name: self._encoded(flow, values[flow.use.port], sink) for flow in plan.inputs}
        number = next(_numbers)
        task = Task(
            id=f"run/{segment.name}/0/{number}",
            prefix=self.driver.prefix,
            segment=segment.name,
            deadline_s=self.deadline_s,
            have=self.have,
        )
        await self.driver.executor.stream(task, inputs, self.take)

    def _encoded(self, flow: Flow, value: Any, sink: Sink) -> Tensor:
        return encode(flow, self.dag.fn.__annotations__[flow.use.port], value, sink)


class StreamConformance:
    """The behaviours. The variant gives the fixtures ``make`` and ``dags``."""

    @pytest.mark.parametrize("count", [0, 1, AHEAD - 1, AHEAD, AHEAD + 1, 3 * AHEAD])
    async def test_a_stream_gives_what_a_plain_call_gives(self, driver: Driver, dags: Any, count: int) -> None:
        text = ",".join(f"ä{number}" for number in range(count))
        assert await driver.run(dags.streamed, text) == dags.streamed(text)
        assert len(driver.taken) == count
        arrays = await driver.run(dags.streamed_arrays, count)
        np.testing.assert_array_equal(arrays, dags.streamed_arrays(count))

    async def test_media_and_streams_from_nothing(self, driver: Driver, dags: Any) -> None:
        assert [each.read() for each in await driver.run(dags.streamed_media, 3)] == [dags.drawn(n) for n in (1, 2, 3)]
        assert await driver.run(dags.streamed_from_nothing) == dags.streamed_from_nothing()

    async def test_items_arrive_before_the_step_is_finished(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.gated_stream, tmp_path, 3)
        running = stream.begin()
        for number in range(3):
            stream.open(number)
            await until(lambda: len(stream.items) == number + 1)  # noqa: B023  # awaited within the round
            assert stream.made() == number + 1
            assert not stream.is_closed() or number == 2
        await running
        assert [text.split()[1] for text in stream.texts] == ["0", "1", "2"]

    async def test_a_slow_consumer_holds_the_producer_back(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.eager_stream, tmp_path, 20 * AHEAD, room=asyncio.Semaphore(0))
        running = stream.begin()
        await until(lambda: stream.made() >= AHEAD)
        for number in range(30):  # time for hundreds of items
            await driver.run(dags.two_fused, number)
        assert len(stream.items) == 1
        assert stream.made() <= AHEAD + 1
        most = 0
        while not running.done():
            most = max(most, stream.made() - len(stream.items))
            stream.room.release()
            await asyncio.sleep(0)
        await running
        assert len(stream.items) == 20 * AHEAD
        assert most <= AHEAD + 1

    async def test_a_stream_that_falls_silent_is_not_waited_for(
        self, driver: Driver, dags: Any, tmp_path: Path
    ) -> None:
        stream = Stream(driver, dags.impatient_stream, tmp_path, 400)
        stream.open(0)
        with pytest.raises(TaskFailed) as caught:
            await stream.run()
        failure = caught.value.failure
        assert (failure.kind, failure.node) == ("timeout", "silent")
        assert failure.message == "silent gave no item for 0.3 s; with_(idle=...) allows more"
        assert len(stream.items) == 1
        for gate in range(1, 400):  # the order to stop comes from another process: an item or two may be before it
            stream.open(gate)
            await asyncio.sleep(0.02)
            if stream.is_closed():
                break
        await until(stream.is_closed)
        assert stream.made() < 400, "what nobody waits for any more stops at one of its next items"
        again = Stream(driver, dags.impatient_stream, tmp_path, 3)
        again.open(1, 2)  # the first may have closed before they were
        await again.run()
        assert len(again.items) == 3

    async def test_a_stream_behind_one_that_hangs_is_not_waited_for(
        self, driver: Driver, dags: Any, tmp_path: Path
    ) -> None:
        hanging = Stream(driver, dags.impatient_stream, tmp_path, 3)
        hanging.open(0)
        for _ in range(2):
            with pytest.raises(TaskFailed) as caught:
                await hanging.run()
            assert caught.value.failure.message == "silent gave no item for 0.3 s; with_(idle=...) allows more"
        assert len(hanging.items) == 1
        hanging.open(1, 2)
        await until(hanging.is_closed)
        again = Stream(driver, dags.impatient_stream, tmp_path, 3)
        await again.run()
        assert len(again.items) == 3
        assert len(again.runs()) == 2, "what was left before it could begin never begins"

    async def test_a_slow_consumer_is_not_taken_for_a_silent_stream(
        self, driver: Driver, dags: Any, tmp_path: Path
    ) -> None:
        stream = Stream(driver, dags.impatient_stream, tmp_path, 2, room=asyncio.Semaphore(0))
        stream.open(0, 1)
        running = stream.begin()
        await until(lambda: len(stream.items) == 1)
        await asyncio.sleep(0.5)  # longer than the step may be silent
        stream.room.release()
        stream.room.release()
        await running
        assert len(stream.items) == 2

    @pytest.mark.parametrize(
        ("how", "told"),
        [
            ("raise", ("step", -1, "ValueError: no more")),
            ("input", ("input", -1, "cut off")),
            ("wrong", ("output", 2, "expects int, got 'two'")),
        ],
    )
    async def test_a_stream_that_breaks_off(
        self, driver: Driver, dags: Any, how: str, told: tuple[str, int, str]
    ) -> None:
        failure = await driver.failure(dags.faltering_stream, how)
        assert failure.node == "faltering"
        assert (failure.kind, failure.item, failure.message[: len(told[2])]) == told
        assert len(driver.taken) == 2

    async def test_more_items_than_declared(self, driver: Driver, dags: Any) -> None:
        assert await driver.run(dags.bounded_stream, 2) == [0, 1]
        failure = await driver.failure(dags.bounded_stream, 3)
        assert (failure.kind, failure.node) == ("output", "too_many")
        assert failure.message.startswith("expects at most 2 items (max_items=2), got more")

    async def test_a_stream_that_is_cancelled_is_closed(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.eager_stream, tmp_path, 20 * AHEAD, room=asyncio.Semaphore(0))
        running = stream.begin()
        await until(lambda: stream.made() >= AHEAD)
        assert not stream.is_closed()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(stream.is_closed)
        assert stream.made() <= AHEAD + 1
        assert await driver.run(dags.eager_stream, str(tmp_path), 2) == [0, 1]

    async def test_the_limit_bounds_the_whole(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.gated_stream, tmp_path, 3, deadline_s=0.3)
        stream.open(0)
        with pytest.raises(TaskFailed) as caught:
            await stream.run()
        failure = caught.value.failure
        assert (failure.kind, failure.message) == ("timeout", "gated took longer than 0.3 s")
        stream.open(1, 2)
        await until(stream.is_closed)

    async def test_what_is_there_already_is_not_given_again(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        stream = Stream(driver, dags.eager_stream, tmp_path, 2 * AHEAD, have=AHEAD + 3)
        await stream.run()
        assert [index for index, _ in stream.items] == list(range(AHEAD + 3, 2 * AHEAD))

    async def test_streams_of_one_segment_take_turns(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        texts = [" ".join([letter] * 40) for letter in "abc"]
        results: dict[str, list[bytes]] = {}

        async def run(text: str) -> None:
            plan = driver.served.plans["streamed"]
            found: list[bytes] = []

            async def take(_: int, outputs: Mapping[str, Tensor]) -> None:
                found.append(next(iter(outputs.values())).array.item())

            task = Task(id=f"run/{text[0]}/0/1", prefix=driver.prefix, segment=plan.segments[0].name)
            await driver.executor.stream(task, {plan.inputs[0].name: Tensor.of_bytes([text.encode()])}, take)
            results[text[0]] = found

        await asyncio.gather(*map(run, texts))
        assert results == {letter: [letter.encode()] * 40 for letter in "abc"}
