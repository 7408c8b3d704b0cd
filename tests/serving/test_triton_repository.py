"""What a model repository holds; that the real server accepts it is shown by the Triton runtime's tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tests.conformance.runtimes import Served, served
from tritonclient.grpc import model_config_pb2

from headrace_dags.plan.model import Plan
from headrace_serving.program import Program
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.triton.byhand import command_by_hand
from headrace_serving.triton.command import link_backends
from headrace_serving.triton.ports import free_ports
from headrace_serving.triton.probe import locate
from headrace_serving.triton.repository import Repository, write

__all__ = ("served",)

messages: Any = model_config_pb2


def written(served: Served, dag: str, scratch: Path) -> tuple[Plan, Repository]:
    plan = served.plans[dag]
    place = Workplace(import_root=served.workplace.import_root, objects=scratch / "objects", scratch=scratch)
    return plan, write(plan, place)


def config(repository: Repository, model: str) -> Any:
    text = (repository.folder / model / "config.pbtxt").read_text()
    return text_format.Parse(text, messages.ModelConfig())


def tensors(ports: Any) -> list[tuple[str, str, list[int]]]:
    return [(port.name, messages.DataType.Name(port.data_type), list(port.dims)) for port in ports]


def test_items_are_an_ordinary_axis_without_batching(served: Served, tmp_path: Path) -> None:
    plan, repository = written(served, "one_image", tmp_path)
    made = config(repository, plan.segments[0].model)
    assert (made.name, made.backend, made.max_batch_size) == (plan.segments[0].model, "python", 0)
    assert tensors(made.input) == [("in_image", "TYPE_UINT8", [-1, -1, -1, -1])]
    assert tensors(made.output) == [("brightness_result", "TYPE_STRING", [-1, 1])]
    assert [(group.count, group.kind) for group in made.instance_group] == [(1, messages.ModelInstanceGroup.KIND_CPU)]
    assert not made.HasField("dynamic_batching")
    assert not made.model_warmup


def test_items_are_the_batch_axis_with_batching(served: Served, tmp_path: Path) -> None:
    plan, repository = written(served, "mapped", tmp_path)
    segment = plan.segments[0]
    lower, embed = (config(repository, segment.model_of(member)) for member in segment.members)
    assert [made.max_batch_size for made in (lower, embed)] == [8, 8]
    assert tensors(lower.input) == [("in_texts", "TYPE_STRING", [1])]
    assert tensors(embed.output) == [("embed_result", "TYPE_FP32", [4])]
    assert lower.HasField("dynamic_batching")
    assert lower.dynamic_batching.max_queue_delay_microseconds == 0
    ensemble = config(repository, segment.model)
    assert (ensemble.platform, ensemble.max_batch_size) == ("ensemble", 0)
    assert tensors(ensemble.input) == [("in_texts", "TYPE_STRING", [-1, 1])]
    assert tensors(ensemble.output) == [("embed_result", "TYPE_FP32", [-1, 4])]
    assert [dict(step.input_map) for step in ensemble.ensemble_scheduling.step] == [
        {"in_texts": "in_texts"},
        {"lower_result": "lower_result"},
    ]


def test_model_files_are_warmed_up_with_zeros(served: Served, tmp_path: Path) -> None:
    plan, repository = written(served, "one_onnx", tmp_path / "once")
    (sample,) = config(repository, plan.segments[0].model).model_warmup
    assert (sample.batch_size, list(sample.inputs["in_x"].dims), sample.inputs["in_x"].zero_data) == (1, [1, 4], True)
    plan, repository = written(served, "batched_onnx", tmp_path / "batched")
    samples = config(repository, plan.segments[0].model).model_warmup
    assert [(sample.batch_size, list(sample.inputs["in_xs"].dims)) for sample in samples] == [(1, [4]), (8, [4])]


def test_folders(served: Served, tmp_path: Path) -> None:
    plan, repository = written(served, "branching", tmp_path)
    segment = plan.segments[0]
    members = [segment.model_of(member) for member in segment.members]
    assert repository.models == (*members, segment.model)
    assert repository.ensembles == (segment.model,)
    assert sorted(path.name for path in repository.folder.iterdir()) == sorted(repository.models)
    assert (repository.folder / segment.model / "1" / "README").stat().st_size > 0
    for member in members:
        version = repository.folder / member / "1"
        assert sorted(path.name for path in version.iterdir()) == ["model.py", "program.json"]
        program = Program.model_validate_json((version / "program.json").read_bytes())
        assert program.name == member
        assert json.loads((version / "program.json").read_text())["path"][0] == str(served.workplace.import_root)


def test_an_old_repository_goes(served: Served, tmp_path: Path) -> None:
    written(served, "one_image", tmp_path)
    plan, repository = written(served, "one_function", tmp_path)
    assert [path.name for path in repository.folder.iterdir()] == [plan.segments[0].model]


@contextmanager
def by_hand(folder: Path, repository: Repository) -> Generator[str]:
    """The server as a person starts it; gives its HTTP address."""
    parts = locate()
    link_backends(parts, folder)
    http, grpc, metrics = free_ports(3)
    ports = f"--http-port={http} --grpc-port={grpc} --metrics-port={metrics} --exit-timeout-secs=2"
    shell = ("sh", "-c", f"{command_by_hand(repository.models, parts)} {ports}")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(shell, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{http}/v2"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=15)


def answered(request: urllib.request.Request, log: Path) -> bytes:
    """The answer of a server that is perhaps still starting."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.1)
    pytest.fail(log.read_text(errors="replace"))


def test_a_person_can_serve_it_by_hand(served: Served, tmp_path: Path) -> None:
    plan, repository = written(served, "two_fused", tmp_path)
    asked = {"inputs": [{"name": "in_number", "datatype": "BYTES", "shape": [1, 1], "data": ["21"]}]}
    with by_hand(tmp_path, repository) as address:
        url = f"{address}/models/{plan.segments[0].model}/infer"
        answer = json.loads(answered(urllib.request.Request(url, json.dumps(asked).encode()), tmp_path / "log"))
    assert answer["outputs"][0]["data"] == ["42.0"]
