"""Model files that this machine has no backend for: planned for a cluster, refused here, with what to write instead."""

from __future__ import annotations

import zipfile

import pytest
from tests.front.conftest import Project

DAG = """\
from typing import Annotated

import headrace as hr
import numpy as np

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=2")]


@hr.{decorator}("clip.{suffix}"{more})
def embed(vector: Vector) -> Vector: ...


@hr.batched(size=4)
def halved(vectors: hr.Batch[Vector]) -> hr.Batch[Vector]:
    return [vector / 2 for vector in vectors]


@hr.dag
def main(vector: Vector) -> Vector:
    return embed(halved(vector))
"""
FORMS = [("tensorrt", "plan", ', gpu_memory="2Gi"'), ("torchscript", "pt", "")]


@pytest.fixture(params=FORMS, ids=["tensorrt", "torchscript"])
def modelled(request: pytest.FixtureRequest, project: Project) -> Project:
    decorator, suffix, more = request.param
    text = DAG.replace("{decorator}", decorator).replace("{suffix}", suffix).replace("{more}", more)
    project.write("dag.py", text)
    project.write("clip.plan", b"ftrt" + bytes(60))
    with zipfile.ZipFile(project.folder / "clip.pt", "w") as archive:
        archive.writestr("clip/constants.pkl", b"")
        archive.writestr("clip/code/__torch__.py", b"")
    return project


def test_it_is_planned_for_a_cluster(modelled: Project) -> None:
    assert modelled.headrace("check", "dag.py").code == 0
    done = modelled.headrace("plan", "dag.py", "--target", "kubernetes", "--platform", "gke", "--json")
    assert done.code == 0, done.err
    plan = done.json
    (node,) = [each for each in plan["graph"]["nodes"] if each["name"] == "embed"]
    assert node["step"]["model_file"].startswith("clip.")
    modelled.write(node["step"]["model_file"], (modelled.folder / node["step"]["model_file"]).read_bytes() + b"\\0")
    again = modelled.headrace("plan", "dag.py", "--target", "kubernetes", "--platform", "gke", "--json")
    digests = [
        {name: each["digest"] for each in it["segments"] for name in each["name"].split()} for it in (plan, again.json)
    ]
    assert digests[0] != digests[1]


@pytest.mark.parametrize("command", [("plan",), ("run", "-i", "vector=[1,2]"), ("compile", "-o", "made")])
def test_it_is_refused_here(command: tuple[str, ...], modelled: Project) -> None:
    done = modelled.headrace(command[0], "dag.py", *command[1:])
    assert done.code == 4, done.err
    assert "(embed) [no-backend]" in done.err
    assert "export it as hr.onnx, or call a server that has it with hr.remote" in " ".join(done.err.split())
