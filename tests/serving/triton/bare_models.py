"""Tiny models written by hand, and a client for them: the server's tests know nothing of graphs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tritonclient.grpc.aio import InferenceServerClient, InferInput

from headrace_serving.triton.keeper import SHARED_MEMORY, children
from headrace_serving.triton.server import TritonServer
from headrace_serving.triton.settings import CHANNEL_OPTIONS, ServerSettings

_TENSORS = """
max_batch_size: 0
input [{ name: "x" data_type: TYPE_INT32 dims: [1] }]
output [{ name: "y" data_type: TYPE_INT32 dims: [1] }]
"""
_INSTANCES = "instance_group [{ kind: KIND_CPU count: %d }]"
_ENSEMBLE = """
platform: "ensemble"
ensemble_scheduling { step [{
  model_name: "%s" model_version: -1
  input_map { key: "x" value: "x" } output_map { key: "y" value: "y" }
}]}
"""
ADD_ONE = """
import os, time
import triton_python_backend_utils as pb

class TritonPythonModel:
    def initialize(self, args):
        {initialize}

    def execute(self, requests):
        return [self.answer(pb.get_input_tensor_by_name(request, "x").as_numpy()) for request in requests]

    def answer(self, x):
        {answer}
        return pb.InferenceResponse([pb.Tensor("y", x + 1)])
"""


@dataclass(frozen=True)
class Repository:
    """A model repository in a test's own folder."""

    root: Path

    def add(
        self, name: str, *, initialize: str = "pass", answer: str = "pass", instances: int = 1, source: str = ADD_ONE
    ) -> None:
        (self.root / name / "1").mkdir(parents=True)
        code = source.replace("{initialize}", initialize).replace("{answer}", answer)
        (self.root / name / "1" / "model.py").write_text(code)
        config = f'name: "{name}" backend: "python"' + _TENSORS + _INSTANCES % instances
        (self.root / name / "config.pbtxt").write_text(config)

    def add_ensemble(self, name: str, member: str) -> None:
        (self.root / name / "1").mkdir(parents=True)
        (self.root / name / "config.pbtxt").write_text(f'name: "{name}"' + _ENSEMBLE % member + _TENSORS)

    def settings(self, *models: str, **options: Any) -> ServerSettings:
        folder = options.pop("folder", self.root.parent / "server")
        return ServerSettings(self.root, models, folder, start_timeout_s=options.pop("start_timeout_s", 30), **options)


class Client:
    """A client of one server, its channel kept over restarts."""

    def __init__(self, server: TritonServer) -> None:
        self._server = server
        self._client: InferenceServerClient | None = None

    async def infer(self, model: str, x: int) -> int:
        """x + 1, by a call that knows nothing of incidents."""
        self._client = self._client or InferenceServerClient(
            self._server.endpoint.grpc, channel_args=list(CHANNEL_OPTIONS)
        )
        value = InferInput("x", [1], "INT32")
        value.set_data_from_numpy(np.array([x], np.int32))
        answer = await self._client.infer(model, [value])
        return int(answer.as_numpy("y")[0])

    async def call(self, model: str, x: int, **options: int) -> int:
        """x + 1, through incidents."""
        return await self._server.call(model, lambda: self.infer(model, x), **options)

    async def close(self) -> None:
        if self._client:
            await self._client.close()


def stub_of(server: TritonServer, model: str) -> int:
    """Process id of a model's living stub."""
    return next(pid for pid in children(server.pid) if f"/{model}/1/model.py" in command_of(pid))


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    except OSError:
        return ""


def processes_of(folder: Path) -> list[str]:
    """The processes that have ``folder`` in their command line: the servers and stubs of one test."""
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [command for pid in pids if pid != os.getpid() and str(folder) in (command := command_of(pid))]


def regions() -> set[str]:
    """The shared memory regions of all servers of ours on this machine."""
    return {path.name for path in SHARED_MEMORY.glob("headrace-*")}


def regions_of(server: TritonServer) -> set[str]:
    """The shared memory regions of one server's stubs."""
    return {command_of(pid).split()[2] for pid in children(server.pid)}
