"""One call and the incidents that it meets: whose cancellation is heeded, and which errors are echoes of a death."""

import asyncio
import time

import pytest

from headrace_serving.triton.calls import answered
from headrace_serving.triton.errors import ModelCrashed
from headrace_serving.triton.gate import Gate, Incident

DEATH = Incident("ocr", "process 1 of model ocr was killed by SIGKILL")


class Model:
    """A gate, and attempts on it that hang, fail or answer, one outcome after the other."""

    def __init__(self, *outcomes):
        self.gate = Gate()
        self.gate.open()
        self.outcomes = list(outcomes)
        self.hanging = asyncio.Event()
        self.ended = []

    async def attempt(self):
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == "hang":
            self.hanging.set()
            await asyncio.sleep(30)
        return outcome

    def call(self):
        return asyncio.create_task(answered("ocr", self.gate, self.attempt, self.ended.append, max_incidents=4))

    async def die(self):
        await self.hanging.wait()
        self.hanging.clear()
        self.gate.close(DEATH)
        self.gate.open()


def played(scenario):
    async def bounded():
        async with asyncio.timeout(5):
            await scenario()

    asyncio.run(bounded())


def test_a_call_in_flight_is_made_again_and_keeps_no_trace_of_its_cancellation():
    async def scenario():
        model = Model("hang", "hang", "text")
        call = model.call()
        await model.die()
        await model.die()
        assert await call == "text"
        assert call.cancelling() == 0
        assert model.gate.verdicts == 1

    played(scenario)


@pytest.mark.parametrize("order", ["death first", "cancelled first"])
def test_who_cancels_a_call_at_the_moment_of_a_death_is_heeded(order):
    async def scenario():
        model = Model("hang", "text")
        call = model.call()
        await model.hanging.wait()
        if order == "cancelled first":
            call.cancel()
        await model.die()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert model.outcomes == ["text"]

    played(scenario)


def test_a_time_limit_around_a_call_holds_through_incidents():
    async def scenario():
        model = Model("hang", "hang")

        async def limited():
            async with asyncio.timeout(0.1):
                await answered("ocr", model.gate, model.attempt, model.ended.append, max_incidents=4)

        call = asyncio.create_task(limited())
        await model.die()
        with pytest.raises(TimeoutError):
            await call

    played(scenario)


def test_a_call_that_meets_a_death_each_time_is_the_cause():
    async def scenario():
        model = Model(*["hang"] * 4)
        call = model.call()
        for _ in range(4):
            await model.die()
        with pytest.raises(ModelCrashed, match=r"killed by SIGKILL \(4 times\)\. Look into the server's log"):
            await call

    played(scenario)


@pytest.mark.parametrize("around", ["", "in ensemble 'page', ", "in ensemble 'page', in ensemble 'read-to-rate', "])
def test_a_process_that_does_not_answer_is_ended_and_the_call_made_again(around):
    async def scenario():
        silent = RuntimeError(f"[StatusCode.INTERNAL] {around}Stub process 'ocr_2_0_0' is not healthy.")
        model = Model(silent, "text")
        call = model.call()
        for _ in range(3):
            await asyncio.sleep(0)
        model.gate.close(DEATH)
        model.gate.open()
        assert await call == "text"
        assert model.ended == ["ocr_2"]

    played(scenario)


@pytest.mark.parametrize(
    "said",
    ["the camera is not ready", "Stub process 'ocr_0_0' is not healthy", "unknown model Leica: no available versions"],
)
def test_what_a_step_says_is_raised_at_once_whatever_it_says(said):
    async def scenario():
        text = (
            f"[StatusCode.INTERNAL] Failed to process the request(s) for model 'ocr_0_0', message: ValueError: {said}"
        )
        model = Model(RuntimeError(text))
        begin_s = time.perf_counter()
        with pytest.raises(RuntimeError, match=said[-10:]):
            await model.call()
        assert time.perf_counter() - begin_s < 0.5
        assert model.ended == []

    played(scenario)
