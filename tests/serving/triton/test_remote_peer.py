"""A remote step against a real server: its values over gRPC and REST, and what it says where the peer is not as declared."""

import asyncio
import socket
from typing import Annotated

import numpy as np
import pytest

import headrace as hr
from headrace_dags.errors import HeadraceError
from headrace_serving.triton import command
from headrace_serving.triton.server import TritonServer

Ints = Annotated[np.ndarray[tuple[int], np.dtype[np.int32]], hr.Layout("tensor", "n=1")]
Floats = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "n=1")]


@hr.remote("${PEER_URL}/v2/models/one", outputs={"result": "y"})
def add_one(x: Ints) -> Ints: ...


@hr.remote("${PEER_URL}/v2/models/one", outputs={"result": "y"})
def add_float(x: Floats) -> Floats: ...


@hr.remote("${PEER_URL}/v2/models/none", outputs={"result": "y"})
def unknown(x: Ints) -> Ints: ...


@hr.remote("grpc://127.0.0.1:9/v2/models/one", outputs={"result": "y"})
def away(x: Ints) -> Ints: ...


@pytest.fixture(params=["grpc", "http"])
def ask(request, repository, monkeypatch):
    """Calls a function while a server with the model ``one`` runs, whose address is in the environment."""
    repository.add("one")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = command._arguments  # the runtime's own servers speak gRPC only

    def with_http(*given):
        kept = (each for each in arguments(*given) if each != "--allow-http=false")
        return [*kept, "--http-address=127.0.0.1", f"--http-port={port}"]

    monkeypatch.setattr(command, "_arguments", with_http)

    async def scenario(call):
        async with TritonServer(repository.settings("one")) as server:
            address = server.endpoint.grpc if request.param == "grpc" else f"127.0.0.1:{port}"
            monkeypatch.setenv("PEER_URL", f"{request.param}://{address}")
            return await asyncio.to_thread(call)

    return lambda call: asyncio.run(scenario(call))


def test_the_answer_is_the_peers(ask):
    @hr.dag
    def main(x: Ints) -> Ints:
        return add_one(x)

    assert ask(lambda: main(np.array([41], np.int32))).tolist() == [42]


def test_a_peer_of_other_types_is_refused(ask):
    with pytest.raises(HeadraceError, match=r"remote-tensors"):
        ask(lambda: add_float(np.array([1], np.float32)))


def test_a_peer_without_the_model_is_named(ask):
    with pytest.raises(HeadraceError, match=r"one|none"):
        ask(lambda: unknown(np.array([1], np.int32)))


def test_a_peer_that_is_away_is_named():
    with pytest.raises(HeadraceError, match=r"127\.0\.0\.1:9"):
        away(np.array([1], np.int32))
