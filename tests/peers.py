"""Servers of somebody else, for remote steps: a real Triton with models written by hand, and one that answers as it is told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from headrace_dags.running.waiting import Waiting, for_whom
from headrace_serving.triton.ports import free_ports
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.settings import ServerSettings

CODE = """
import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        return [pb.InferenceResponse([pb.Tensor("result", self.made(request))]) for request in requests]

    def made(self, request):
        x = pb.get_input_tensor_by_name(request, "x").as_numpy()
        return {result}
"""


@dataclass(frozen=True)
class Model:
    """A model of one input ``x`` and one output ``result``: their types and sizes, and the output as an expression of ``x``."""

    takes: str
    gives: str
    result: str
    batch: int = 0

    def write(self, folder: Path, name: str) -> None:
        (folder / "1").mkdir(parents=True)
        (folder / "1" / "model.py").write_text(CODE.replace("{result}", self.result))
        tensors = f'input [{{ name: "x" {self.takes} }}]\noutput [{{ name: "result" {self.gives} }}]'
        head = f'name: "{name}"\nbackend: "python"\nmax_batch_size: {self.batch}\n'
        (folder / "config.pbtxt").write_text(f"{head}{tensors}\ninstance_group [{{ kind: KIND_CPU count: 1 }}]\n")


@dataclass(frozen=True)
class Urls:
    """Where a peer answers, by protocol."""

    http: str
    grpc: str


@contextmanager
def triton_peer(folder: Path, models: Mapping[str, Model]) -> Generator[Urls]:
    """A real server of ``models``, which answers over HTTP and gRPC while inside."""
    for name, model in models.items():
        model.write(folder / "models" / name, name)
    (port,) = free_ports(1)
    arguments = ("--allow-http=true", "--http-address=127.0.0.1", f"--http-port={port}")
    settings = ServerSettings(folder / "models", tuple(models), folder / "server", arguments=arguments)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = TritonServer(settings)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(120)
        urls = Urls(f"http://127.0.0.1:{port}", f"grpc://{server.endpoint.grpc}")
        _answers(f"{urls.http}/v2/health/ready")
        yield urls
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _answers(url: str) -> None:
    """Wait until the HTTP door is open, which it is a moment after that of gRPC."""
    end_s = time.monotonic() + 30
    while True:
        try:
            with urlopen(url):
                return
        except URLError:
            assert time.monotonic() < end_s, url
            time.sleep(0.02)


@dataclass
class Script:
    """What a told server answers.

    Attributes:
        statuses: of the next calls; afterwards 200.
        questions: of the next questions what a model is; afterwards 200.
        headers: sent with all that is not 200.
        tensor: the output.
        inputs: what the model takes, by its own word.
        metadata: what it gives, by its own word; as it does where not said.
        hang: calls wait for it.
        waiting: released by each call that begins to wait.
        seen: headers of the calls.
    """

    statuses: list[int] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    tensor: dict[str, Any] = field(
        default_factory=lambda: {"name": "result", "datatype": "BYTES", "shape": [1], "data": ["told"]}
    )
    inputs: tuple[dict[str, Any], ...] = ({"name": "text", "datatype": "BYTES", "shape": [1]},)
    metadata: dict[str, Any] | None = None
    hang: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    seen: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.hang.set()


@contextmanager
def told_peer(port: int = 0) -> Generator[Script]:
    """A server that answers as its script says."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            if self.path == "/v2":
                self._send(200, {"extensions": []})
                return
            output = {key: script.tensor[key] for key in ("name", "datatype", "shape")}
            status = script.questions.pop(0) if script.questions else 200
            self._send(status, {"inputs": script.inputs, "outputs": [script.metadata or output]})

        def do_POST(self) -> None:  # likewise
            self.rfile.read(int(self.headers["Content-Length"]))
            script.seen.append(dict(self.headers))
            script.waiting.release()
            script.hang.wait()
            status = script.statuses.pop(0) if script.statuses else 200
            said = {"error": f"not with {self.headers['Authorization']}"}
            self._send(status, {"outputs": [script.tensor]} if status == 200 else said)

        def _send(self, status: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (script.headers if status != 200 else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:  # who asked has left
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        script.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()


def http(body: Any, status: str = "200 OK", **headers: object) -> bytes:
    """An answer in full: bytes as they are, all else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": len(content), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


@dataclass
class Blunt:
    """What a blunt server sends, byte by byte.

    Attributes:
        answer: sent for each call.
        datatype: of the model's tensors ``x`` and ``result``.
        shape: of both.
        extensions: what it says that it knows.
        behave: in place of sending ``answer``, given how to send.
        heads: of the requests, as they came.
    """

    answer: bytes = b""
    datatype: str = "BYTES"
    shape: tuple[int, ...] = (1,)
    extensions: tuple[str, ...] = ()
    behave: Callable[[Callable[[bytes], object]], None] | None = None
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    url: str = ""


@contextmanager
def blunt_peer() -> Generator[Blunt]:
    """A server that sends what it is given, whether or not that is HTTP."""
    blunt = Blunt()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            blunt.connections += 1
            with suppress(OSError):  # who asked has left
                while head := self._head():
                    blunt.heads.append(head)
                    self._reply(head)

        def _head(self) -> str:
            lines = list(iter(self.rfile.readline, b"\r\n")) if self.rfile.peek() else []
            length = next((int(each[15:]) for each in lines if each.lower().startswith(b"content-length:")), 0)
            self.rfile.read(length)
            return b"".join(lines).decode()

        def _reply(self, head: str) -> None:
            tensor = {"datatype": blunt.datatype, "shape": blunt.shape}
            if head.startswith("GET /v2 "):
                self.wfile.write(http({"extensions": blunt.extensions}))
            elif head.startswith("GET"):
                self.wfile.write(http({"inputs": [{"name": "x", **tensor}], "outputs": [{"name": "result", **tensor}]}))
            elif blunt.behave:
                blunt.behave(self.wfile.write)
            else:
                self.wfile.write(blunt.answer)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        blunt.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield blunt
        finally:
            server.shutdown()
            thread.join()


def given_up(call: Callable[[], object], when: threading.Event, within_s: float = 5.0) -> bool:
    """Whether a call fails soon, and says so, where nobody waits for it any more ``when`` it is at its server."""
    waiting, failed = Waiting(["me"]), threading.Event()

    def calls() -> None:
        with for_whom(waiting), pytest.raises(Exception, match="given up"):
            call()
        failed.set()

    threading.Thread(target=calls, daemon=True).start()
    assert when.wait(60)
    waiting.leave("me")
    return failed.wait(within_s)
