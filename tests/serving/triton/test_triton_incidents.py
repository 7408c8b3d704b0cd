"""Processes that die under load: every call is answered, and a call that kills is found out."""

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from bare_models import Client, regions_of, stub_of

from headrace_serving.triton.errors import ModelCrashed, ServerDead
from headrace_serving.triton.keeper import SHARED_MEMORY, children, process_fields
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.supervisor import GaveUp, Repaired, Restarted

SLEEPS = "time.sleep(0.02)"
POISONED = "x[0] == 13 and os.kill(os.getpid(), 11)"
IN_FLIGHT = 16


@asynccontextmanager
async def serving(settings, on_event=lambda _event: None):
    server = TritonServer(settings, on_event=on_event)
    client = Client(server)
    async with server:
        yield server, client
    await client.close()


async def longest_gap_s(client, model, incident, seconds=1.5):
    """Most seconds without an answer while ``incident`` happens under 16 calls in flight; each must be answered."""
    answered_at = [time.perf_counter()]
    end_s = answered_at[0] + seconds

    async def caller(number):
        while time.perf_counter() < end_s:
            assert await client.call(model, number) == number + 1
            answered_at.append(time.perf_counter())

    callers = [asyncio.create_task(caller(number)) for number in range(IN_FLIGHT)]
    await asyncio.sleep(0.3)
    await incident()
    await asyncio.gather(*callers)
    return max(later - earlier for earlier, later in pairwise(answered_at))


@pytest.mark.parametrize("called", ["worker", "around"], ids=["the model", "an ensemble of it"])
def test_a_killed_stub_is_repaired_under_load(repository, called):
    repository.add("worker", answer=SLEEPS)
    repository.add_ensemble("around", "worker")
    events = []

    async def scenario():
        async with serving(repository.settings("worker", "around", exit_timeout_s=0), events.append) as (
            server,
            client,
        ):
            before = regions_of(server)

            async def incident():
                os.kill(stub_of(server, "worker"), signal.SIGKILL)

            gap_s = await longest_gap_s(client, called, incident)
            left = {region for region in before if (SHARED_MEMORY / region).exists()}
            return gap_s, left

    gap_s, left = asyncio.run(scenario())
    print(f"outage of {called} after kill -9 of the stub: {gap_s:.2f} s")
    assert gap_s < 1.5
    assert [type(event) for event in events] == [Repaired]
    assert "was killed by SIGKILL" in events[0].how
    assert left == set()


def test_one_of_two_instances_killed(repository):
    repository.add("worker", answer=SLEEPS, instances=2)
    events = []

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0), events.append) as (server, client):

            async def incident():
                os.kill(stub_of(server, "worker"), signal.SIGKILL)

            gap_s = await longest_gap_s(client, "worker", incident)
            return gap_s, len(regions_of(server))

    gap_s, _ = asyncio.run(scenario())
    print(f"outage after kill -9 of one of two stubs: {gap_s:.2f} s")
    assert gap_s < 1.5
    assert [type(event) for event in events] == [Repaired]


def test_another_models_death_does_not_disturb(repository):
    repository.add("worker", answer=SLEEPS)
    repository.add("other")

    async def scenario():
        async with serving(repository.settings("worker", "other", exit_timeout_s=0)) as (server, client):
            epoch = await server.wait_ready("worker")
            other = await server.wait_ready("other")
            os.kill(stub_of(server, "other"), signal.SIGKILL)
            incident = await asyncio.wait_for(other.incident, 1)
            later = await server.wait_ready("other")
            assert await client.call("other", 1) == 2
            return epoch.incident.done(), incident.model, later is other

    assert asyncio.run(scenario()) == (False, "other", False)


def test_models_that_call_another_fail_with_it(repository):
    repository.add("caller")
    repository.add("inner")

    async def scenario():
        settings = repository.settings("caller", "inner", needs={"caller": ("inner",)}, exit_timeout_s=0)
        async with serving(settings) as (server, _):
            epoch = await server.wait_ready("caller")
            os.kill(stub_of(server, "inner"), signal.SIGKILL)
            return (await asyncio.wait_for(epoch.incident, 1)).model

    assert asyncio.run(scenario()) == "inner"


def test_a_killed_server_is_restarted_under_load(repository):
    repository.add("worker", answer=SLEEPS)
    events = []

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0), events.append) as (server, client):
            before, endpoint = regions_of(server), server.endpoint

            async def incident():
                os.kill(server.pid, signal.SIGKILL)

            gap_s = await longest_gap_s(client, "worker", incident, seconds=3)
            left = {region for region in before if (SHARED_MEMORY / region).exists()}
            return gap_s, left, endpoint == server.endpoint

    gap_s, left, same_place = asyncio.run(scenario())
    print(f"outage after kill -9 of the server: {gap_s:.2f} s")
    assert gap_s < 5
    assert [type(event) for event in events] == [Restarted]
    assert left == set()
    assert same_place


def test_a_killed_keeper_takes_the_server_with_it_and_both_come_back(repository):
    repository.add("worker")
    events = []

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0), events.append) as (server, client):
            before, epoch = regions_of(server), await server.wait_ready("worker")
            os.kill(int(process_fields(server.pid)[1]), signal.SIGKILL)
            await asyncio.wait_for(epoch.incident, 1)
            assert await client.call("worker", 1) == 2
            return {region for region in before if (SHARED_MEMORY / region).exists()}

    assert asyncio.run(scenario()) == set()
    assert [type(event) for event in events] == [Restarted]


def test_what_a_step_started_does_not_outlive_a_killed_keeper(repository, eventually):
    repository.add("worker", initialize="import subprocess; self.child = subprocess.Popen(['sleep', '60'])")

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0)) as (server, _):
            (child,) = children(stub_of(server, "worker"))
            epoch = await server.wait_ready("worker")
            os.kill(int(process_fields(server.pid)[1]), signal.SIGKILL)
            await epoch.incident
            return await asyncio.to_thread(eventually, lambda: process_fields(child)[:1] in ([], ["Z"]))

    assert asyncio.run(scenario())


def test_a_server_that_is_slow_to_greet_is_not_taken_for_one_that_is_away(repository):
    repository.add("worker")

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0)) as (server, client):
            os.kill(server.pid, signal.SIGSTOP)
            call = asyncio.create_task(client.call("worker", 1))
            await asyncio.sleep(0.2)
            os.kill(server.pid, signal.SIGCONT)
            return await call

    assert asyncio.run(scenario()) == 2


def test_a_probe_that_fails_after_a_restart_counts_as_an_attempt(repository):
    repository.add("worker")
    probes, events = [], []

    async def probe():
        probes.append(1)
        if len(probes) > 1:
            raise LookupError("not this answer")

    async def scenario():
        async with TritonServer(repository.settings("worker"), probe=probe, on_event=events.append) as server:
            os.kill(server.pid, signal.SIGKILL)
            with pytest.raises(ServerDead, match=r"was killed by SIGKILL; last attempt: not this answer"):
                await server.call("worker", asyncio.Event().wait)

    asyncio.run(scenario())
    assert len(probes) == 4
    assert [type(event) for event in events] == [GaveUp]


def test_a_stub_that_hangs_is_ended_and_repaired(repository):
    repository.add("worker")
    events = []

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0), events.append) as (server, client):
            os.kill(stub_of(server, "worker"), signal.SIGSTOP)
            answers = await asyncio.gather(*(client.call("worker", number) for number in range(4)))
            return answers, server.pid

    answers, _ = asyncio.run(scenario())
    assert answers == [1, 2, 3, 4]
    assert [type(event) for event in events] == [Repaired]


def test_a_call_that_kills_is_found_out_and_takes_no_other_with_it(repository):
    repository.add("fragile", answer=f"{SLEEPS}; {POISONED}")

    async def scenario():
        async with serving(repository.settings("fragile", exit_timeout_s=0)) as (_, client):
            calls = [client.call("fragile", number) for number in range(10, 18)]
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(scenario())
    culprit = outcomes.pop(3)
    assert outcomes == [11, 12, 13, 15, 16, 17, 18]
    assert isinstance(culprit, ModelCrashed)
    assert "of model fragile was killed by SIGSEGV (4 times)" in str(culprit)


def test_many_calls_that_kill_do_not_condemn_their_model(repository):
    repository.add("fragile", answer=POISONED)
    events = []

    async def scenario():
        async with serving(repository.settings("fragile", exit_timeout_s=0), events.append) as (_, client):
            killers = await asyncio.gather(*(client.call("fragile", 13) for _ in range(6)), return_exceptions=True)
            return killers, await client.call("fragile", 1)

    killers, answer = asyncio.run(scenario())
    assert all(isinstance(killer, ModelCrashed) for killer in killers)
    assert {type(event) for event in events} == {Repaired}
    assert len(events) > 12
    assert answer == 2


def test_a_model_that_cannot_live_is_given_up_and_the_others_serve_on(repository):
    after_load = "import threading; threading.Timer(0.05, os.abort).start()"
    repository.add("doomed", initialize=f"os.path.exists({str(repository.root / 'doom')!r}) and self.doom()")
    model = repository.root / "doomed" / "1" / "model.py"
    model.write_text(f"{model.read_text()}\n    def doom(self):\n        {after_load}\n")
    repository.add("healthy")
    events, given_up = [], asyncio.Event()

    def on_event(event):
        events.append(event)
        if isinstance(event, GaveUp):
            given_up.set()

    async def scenario():
        async with serving(repository.settings("doomed", "healthy", exit_timeout_s=0), on_event) as (server, client):
            (repository.root / "doom").touch()
            os.kill(stub_of(server, "doomed"), signal.SIGKILL)
            await given_up.wait()
            with pytest.raises(ModelCrashed, match="SIGABRT"):
                await client.call("doomed", 1)
            os.kill(stub_of(server, "healthy"), signal.SIGKILL)
            return await client.call("healthy", 1)

    assert asyncio.run(scenario()) == 2
    assert [type(event) for event in events] == [*[Repaired] * 12, GaveUp, Repaired]


def test_a_model_that_does_not_come_back_restarts_the_server_then_ends_it(repository):
    repository.add(
        "worker", initialize=f"assert not os.path.exists({str(repository.root / 'broken')!r}), 'weights gone'"
    )
    repository.add("other")
    events = []

    async def scenario():
        async with serving(repository.settings("worker", "other", exit_timeout_s=0), events.append) as (server, client):
            (repository.root / "broken").touch()
            os.kill(stub_of(server, "worker"), signal.SIGKILL)
            with pytest.raises(ServerDead, match="weights gone"):
                await client.call("worker", 1)
            with pytest.raises(ServerDead):
                await client.call("other", 1)

    asyncio.run(scenario())
    assert [type(event) for event in events] == [GaveUp]
    assert "weights gone" in events[0].error.log_excerpt


def test_a_server_killed_too_often_is_given_up(repository):
    repository.add("worker")
    events = []

    async def scenario():
        async with serving(repository.settings("worker", exit_timeout_s=0), events.append) as (server, client):
            for _ in range(3):
                epoch = await server.wait_ready("worker")
                os.kill(server.pid, signal.SIGKILL)
                await epoch.incident
            assert await client.call("worker", 1) == 2
            os.kill(server.pid, signal.SIGKILL)
            with pytest.raises(ServerDead, match="was killed by SIGKILL"):
                await client.call("worker", 1)

    asyncio.run(scenario())
    assert [type(event) for event in events] == [Restarted, Restarted, Restarted, GaveUp]


def test_a_steps_own_error_is_not_retried(repository):
    repository.add("raises", answer="raise ValueError('Stub process is unhappy')")
    calls = []

    async def scenario():
        async with serving(repository.settings("raises", exit_timeout_s=0)) as (server, client):

            async def attempt():
                calls.append(1)
                return await client.infer("raises", 1)

            with pytest.raises(Exception, match="Stub process is unhappy"):
                await server.call("raises", attempt)

    asyncio.run(scenario())
    assert calls == [1]
