"""A real server from start to stop: what it leaves behind, ports, models that do not load."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from bare_models import Client, command_of, processes_of, regions_of

from headrace_dags.errors import EnvironmentLack
from headrace_serving.triton.errors import ModelCrashed, ModelLoadFailed, ServerDead, ServerStopped, StartTimedOut
from headrace_serving.triton.housing import OnMachine
from headrace_serving.triton.keeper import SHARED_MEMORY
from headrace_serving.triton.ports import PortTaken, free_ports, holder, is_taken
from headrace_serving.triton.probe import locate
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.settings import ServerSettings


def start_fails(settings: ServerSettings, expected: type[Exception], **options):
    async def scenario():
        server = TritonServer(settings, **options)
        with pytest.raises(expected) as failure:
            await server.start()
        await server.stop()
        return failure.value

    return asyncio.run(scenario())


def server_pid(repository: Path) -> int:
    """The process of the server on ``repository``; its keeper has the same words behind its own."""
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return next(
        pid for pid in pids if "bin/tritonserver" in (line := command_of(pid)).split(" ")[0] and str(repository) in line
    )


def test_a_server_answers_and_leaves_nothing(repository, tmp_path):
    repository.add("one")
    repository.add("many", instances=2)
    repository.add_ensemble("all", "one")
    probed = []

    async def scenario():
        async def probe():
            probed.append(await client.infer("all", 1))

        server = TritonServer(repository.settings("one", "many", "all"), probe=probe)
        client = Client(server)
        begin_s = time.perf_counter()
        async with server:
            print(f"ready after {time.perf_counter() - begin_s:.2f} s")
            answers = await asyncio.gather(*(client.call(model, 41) for model in server.models))
            metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(server.endpoint.metrics).read().decode())
            used, ports = regions_of(server), (server.endpoint.grpc_port, server.endpoint.metrics_port)
            begin_s = time.perf_counter()
        print(f"stopped after {time.perf_counter() - begin_s:.2f} s")
        await client.close()
        await server.stop()
        return answers, metrics, used, ports

    answers, metrics, used, ports = asyncio.run(scenario())
    assert answers == [42, 42, 42]
    assert probed == [2]
    assert 'nv_inference_request_success{model="many",version="1"} 1' in metrics
    assert len(used) == 3
    assert not any((SHARED_MEMORY / region).exists() for region in used)
    assert not any(is_taken(port) for port in ports)
    assert processes_of(tmp_path) == []


def test_the_models_finalize_when_the_server_stops(repository, tmp_path):
    (tmp_path / "told").mkdir()
    source = "    def finalize(self):\n        open('{answer}', 'w').close()\n"
    repository.add("tidy", answer="pass")
    model = repository.root / "tidy" / "1" / "model.py"
    model.write_text(model.read_text() + source.replace("{answer}", str(tmp_path / "told" / "finalized")))

    async def scenario():
        async with TritonServer(repository.settings("tidy")):
            pass

    asyncio.run(scenario())
    assert (tmp_path / "told" / "finalized").exists()


def test_two_servers_at_once(repository, tmp_path):
    repository.add("one")

    async def scenario():
        settings = [
            repository.settings("one", folder=tmp_path / name, exit_timeout_s=0) for name in ("first", "second")
        ]
        servers = [TritonServer(each) for each in settings]
        await asyncio.gather(*(server.start() for server in servers))
        clients = [Client(server) for server in servers]
        answers = await asyncio.gather(*(client.call("one", 1) for client in clients))
        ports = {server.endpoint.grpc_port for server in servers}
        await asyncio.gather(*(server.stop() for server in servers), *(client.close() for client in clients))
        return answers, ports

    answers, ports = asyncio.run(scenario())
    assert answers == [2, 2]
    assert len(ports) == 2


def test_a_port_taken_meanwhile_is_replaced_by_another(repository, monkeypatch):
    repository.add("one")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        choices = iter([(other.getsockname()[1], free_ports(1)[0]), free_ports(2)])
        monkeypatch.setattr("headrace_serving.triton.server.free_ports", lambda _count: next(choices))

        async def scenario():
            async with TritonServer(repository.settings("one", exit_timeout_s=0)) as server:
                client = Client(server)
                answer = await client.call("one", 1)
                await client.close()
                return answer, server.endpoint.grpc_port

        answer, port = asyncio.run(scenario())
        assert answer == 2
        assert port != other.getsockname()[1]


@pytest.mark.parametrize("which", ["grpc_port", "metrics_port"])
def test_a_fixed_port_that_is_taken_names_port_and_holder(repository, which):
    repository.add("one")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = start_fails(repository.settings("one", **{which: port}), PortTaken)
    assert error.port == port
    assert f"127.0.0.1:{port} [port-taken]" in str(error)
    assert f"(process {os.getpid()})" in str(error)


def test_nobody_holds_a_free_port():
    port = free_ports(1)[0]
    assert holder(port) == ""
    assert not is_taken(port)


def test_a_model_that_fails_to_import_tells_its_traceback(repository):
    repository.add("good")
    repository.add("broken", source="import no_such_module\n")
    error = start_fails(repository.settings("good", "broken"), ModelLoadFailed)
    assert error.model == "broken"
    assert error.message.startswith("ModuleNotFoundError: No module named 'no_such_module'")
    assert f"{repository.root}/broken/1/model.py(1): <module>" in error.message
    assert "no_such_module" in error.log_excerpt


def test_every_model_that_fails_is_told_causes_first(repository):
    repository.add("raises", initialize="raise ValueError('no weights here')")
    repository.add("dies", initialize="os._exit(7)")
    repository.add("twice", source="def (")
    repository.add_ensemble("around", "raises")
    (repository.root / "odd").mkdir()
    (repository.root / "odd" / "config.pbtxt").write_text('name: "odd" nonsense: 3')
    settings = repository.settings("around", "raises", "dies", "twice", "odd", "missing")
    error = start_fails(settings, ModelLoadFailed)
    reasons = {failure.model: failure.message for failure in error.failures}
    assert reasons["raises"].startswith("ValueError: no weights here")
    assert "(7): initialize" in reasons["raises"]
    assert "SyntaxError" in reasons["twice"]
    assert "dies" in reasons
    assert "failed to read text proto" in reasons["odd"]
    assert "not found" in reasons["missing"]
    assert list(reasons).index("raises") < list(reasons).index("around")
    assert len(error.problems) == 6


def test_a_set_up_that_takes_too_long_is_named(repository):
    repository.add("slow", initialize="time.sleep(60)")
    error = start_fails(repository.settings("slow", start_timeout_s=1.5), StartTimedOut)
    assert error.loading == ("slow",)
    assert "still loading: slow" in str(error)


def test_a_model_that_dies_at_the_probe_fails_the_start(repository):
    repository.add("fragile", answer="os.kill(os.getpid(), 11)")

    async def probe():
        await client.infer("fragile", 1)

    server = TritonServer(repository.settings("fragile"), probe=probe)
    client = Client(server)

    async def scenario():
        begin_s = time.perf_counter()
        with pytest.raises(ModelCrashed, match="of model fragile was killed by SIGSEGV"):
            await server.start()
        await client.close()
        return time.perf_counter() - begin_s

    assert asyncio.run(scenario()) < 5


def test_a_server_that_dies_at_the_probe_fails_the_start(repository):
    repository.add("one")

    async def probe():
        os.kill(server_pid(repository.root), signal.SIGKILL)
        await client.infer("one", 1)

    server = TritonServer(repository.settings("one"), probe=probe)
    client = Client(server)

    async def scenario():
        with pytest.raises(ServerDead, match="was killed by SIGKILL"):
            await server.start()
        await client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [LookupError("not this answer"), TimeoutError("no answer")])
def test_the_probes_own_error_fails_the_start(repository, error):
    repository.add("one")

    async def probe():
        raise error

    assert start_fails(repository.settings("one"), type(error), probe=probe) is error


def test_a_server_that_cannot_start_tells_its_last_words(repository):
    settings = repository.settings("one", arguments=("--cache-config=local,size=much",))
    error = start_fails(settings, ServerDead)
    assert "Server not ready" in str(error)
    assert "cache" in error.log_excerpt


def test_a_server_that_ends_at_once_is_told(repository, tmp_path):
    repository.add("one")
    parts = replace(locate(), server=tmp_path / "no-server")
    error = start_fails(repository.settings("one"), ServerDead, housing=OnMachine(parts))
    assert "ended with code 127 before it was ready" in str(error)
    assert f"cannot start {tmp_path / 'no-server'}" in error.log_excerpt


def test_a_folder_that_takes_no_links_is_a_lack(repository, tmp_path):
    repository.add("one")
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "backends").write_text("")
    error = start_fails(repository.settings("one"), EnvironmentLack)
    assert error.problems[0].code == "disk"
    assert str(tmp_path / "server") in str(error)


def test_too_little_shared_memory_fails_before_the_start(repository):
    repository.add("one")
    error = start_fails(repository.settings("one", reserve_shm_bytes=1 << 60), EnvironmentLack)
    assert error.problems[0].code == "shared-memory"
    assert not (repository.root.parent / "server" / "triton.log").exists()


def test_a_call_on_a_stopped_server_or_an_unknown_model_is_told(repository):
    repository.add("one")

    async def scenario():
        server = TritonServer(repository.settings("one", exit_timeout_s=0))
        client = Client(server)
        with pytest.raises(ServerStopped):
            await client.call("one", 1)
        async with server:
            with pytest.raises(ValueError, match="model two is not loaded; loaded are one"):
                await client.call("two", 1)
        with pytest.raises(ServerStopped):
            await client.call("one", 1)
        await client.close()

    asyncio.run(scenario())


def test_cancelling_the_start_leaves_nothing(repository, tmp_path, eventually):
    repository.add("slow", initialize="time.sleep(60)")

    async def scenario():
        starting = asyncio.create_task(TritonServer(repository.settings("slow")).start())
        assert await asyncio.to_thread(eventually, lambda: any("/slow/1/" in each for each in processes_of(tmp_path)))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert processes_of(tmp_path) == []

    asyncio.run(scenario())


@pytest.mark.parametrize("delay_s", [0, 0.01, 0.03, 0.1])
def test_cancelling_a_start_that_has_just_begun_leaves_nothing(repository, tmp_path, delay_s):
    repository.add("one")

    async def scenario():
        starting = asyncio.create_task(TritonServer(repository.settings("one")).start())
        await asyncio.sleep(delay_s)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert processes_of(tmp_path) == []

    asyncio.run(scenario())


@pytest.mark.parametrize("cancelled", [False, True], ids=["stopped", "stop cancelled"])
def test_stopping_in_the_middle_of_a_restart_leaves_nothing(repository, tmp_path, cancelled):
    repository.add("one")

    async def scenario():
        server = TritonServer(repository.settings("one"))
        await server.start()
        epoch = await server.wait_ready("one")
        os.kill(server.pid, signal.SIGKILL)
        await epoch.incident
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(server.wait_ready("one"))
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        if cancelled:
            stopping.cancel()
        await asyncio.wait({stopping})
        assert stopping.cancelled() == cancelled
        assert processes_of(tmp_path) == []
        with pytest.raises(ServerStopped):
            await waiting

    asyncio.run(scenario())


def test_cancelling_the_stop_ends_everything_at_once(repository, tmp_path):
    repository.add("one", instances=3)

    async def scenario():
        server = TritonServer(repository.settings("one"))
        await server.start()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.1)
        assert processes_of(tmp_path)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert processes_of(tmp_path) == []

    asyncio.run(scenario())


DRIVER = """
import asyncio, json, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from bare_models import Repository, regions_of
from headrace_serving.triton.keeper import children
from headrace_serving.triton.housing import OnMachine
from headrace_serving.triton.probe import locate
from headrace_serving.triton.server import TritonServer

async def main():
    server = TritonServer(Repository(Path({root!r})).settings("one", "busy"))
    await server.start()
    pids = [server.pid, *children(server.pid)]
    print(json.dumps([pids, sorted(regions_of(server)), server.endpoint.grpc_port]), flush=True)
    {end}

asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["await asyncio.sleep(60)", "raise SystemExit(3)"], ids=["killed", "exits unstopped"])
def test_nothing_outlives_the_driver(repository, eventually, end):
    repository.add("one")
    # A stub that is stopped cannot notice that its server is gone: somebody has to end it.
    repository.add("busy")
    program = DRIVER.format(tests=str(Path(__file__).parent), root=str(repository.root), end=end)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as driver:
        pids, regions, port = json.loads(driver.stdout.readline())
        if "sleep" in end:
            os.kill(next(pid for pid in pids if "/busy/" in command_of(pid)), signal.SIGSTOP)
            driver.kill()
    begin_s = time.perf_counter()
    assert eventually(lambda: not any(map(command_of, pids)))
    assert eventually(lambda: not any((SHARED_MEMORY / region).exists() for region in regions))
    print(f"gone {time.perf_counter() - begin_s:.2f} s after the driver")
    assert len(pids) == 3
    assert not is_taken(port)
    assert eventually(lambda: processes_of(repository.root.parent) == [])


def test_ctrl_c_leaves_nothing(repository, tmp_path):
    repository.add("one")
    repository.add("busy")
    program = DRIVER.format(
        tests=str(Path(__file__).parent),
        root=str(repository.root),
        end="\n    try:\n        await asyncio.sleep(60)\n    finally:\n        await server.stop()",
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as driver:
        _, regions, port = json.loads(driver.stdout.readline())
        os.killpg(driver.pid, signal.SIGINT)
        driver.wait(20)
    assert processes_of(tmp_path) == []
    assert not any((SHARED_MEMORY / region).exists() for region in regions)
    assert not is_taken(port)
