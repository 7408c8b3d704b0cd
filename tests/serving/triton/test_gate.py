"""Who is let through to a model, and when."""

import asyncio

import pytest

from headrace_serving.triton.errors import ServerStopped
from headrace_serving.triton.gate import Gate, Incident
from headrace_serving.triton.supervisor import Budget


def played(scenario):
    """Run a scenario on a fresh gate and give the order of what it noted."""
    notes = []

    async def play():
        await asyncio.wait_for(scenario(Gate(), notes.append), 5)

    asyncio.run(play())
    return notes


async def visit(gate, note, name, *, alone=False, rounds=3):
    await gate.enter(alone=alone)
    note(f"{name} in")
    for _ in range(rounds):
        await asyncio.sleep(0)
    note(f"{name} out")
    gate.leave()


def test_calls_wait_until_the_model_answers():
    async def scenario(gate, note):
        waiting = asyncio.create_task(visit(gate, note, "call"))
        await asyncio.sleep(0)
        note("open")
        gate.open()
        await waiting

    assert played(scenario) == ["open", "call in", "call out"]


def test_an_incident_ends_the_epoch_and_the_next_one_is_another():
    async def scenario(gate, note):
        gate.open()
        gate.open()
        first = await gate.wait()
        gate.close(Incident("ocr", "died"))
        note(first.incident.result().how)
        waiting = asyncio.create_task(gate.wait())
        await asyncio.sleep(0)
        note(waiting.done())
        gate.open()
        note((await waiting) is first)

    assert played(scenario) == ["died", False, False]


def test_a_gate_that_failed_refuses_who_waits_and_who_comes():
    async def scenario(gate, note):
        waiting = asyncio.create_task(gate.wait())
        await asyncio.sleep(0)
        gate.fail(ServerStopped())
        gate.open()
        for refused in (waiting, gate.wait()):
            with pytest.raises(ServerStopped):
                await refused
        note("refused")

    assert played(scenario) == ["refused"]


def test_a_suspect_goes_alone_and_before_who_comes_later():
    async def scenario(gate, note):
        gate.open()
        async with asyncio.TaskGroup() as calls:
            for name, alone in (("a", False), ("b", False), ("suspect", True), ("c", False)):
                calls.create_task(visit(gate, note, name, alone=alone))

    assert played(scenario) == ["a in", "b in", "a out", "b out", "suspect in", "suspect out", "c in", "c out"]


def test_two_suspects_go_one_after_the_other():
    async def scenario(gate, note):
        gate.open()
        async with asyncio.TaskGroup() as calls:
            calls.create_task(visit(gate, note, "first", alone=True))
            calls.create_task(visit(gate, note, "second", alone=True))

    assert played(scenario) == ["first in", "first out", "second in", "second out"]


def test_a_suspect_that_is_cancelled_keeps_nobody_out():
    async def scenario(gate, note):
        gate.open()
        inside = asyncio.create_task(visit(gate, note, "a"))
        suspect = asyncio.create_task(visit(gate, note, "suspect", alone=True))
        later = asyncio.create_task(visit(gate, note, "b", rounds=0))
        await asyncio.sleep(0)
        suspect.cancel()
        await asyncio.gather(inside, later)

    assert played(scenario) == ["a in", "b in", "b out", "a out"]


def test_a_budget_holds_within_its_window():
    budget = Budget(2, window_s=60)
    assert [budget.spend(now_s) for now_s in (0, 1, 59, 60.5, 60.6, 61.5)] == [True, True, False, True, False, True]
