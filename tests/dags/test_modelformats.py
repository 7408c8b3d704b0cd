"""Model files of other formats than ONNX: what a file must begin with, and that nothing here runs them."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from headrace_dags.errors import EnvironmentLack
from headrace_dags.project.check import check_module
from headrace_dags.project.discover import load_module

DAG = """\
from typing import Annotated

import headrace as hr
import numpy as np

Vector = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("embedding", "d=2")]


@hr.{decorator}
def embed(vector: Vector) -> Vector: ...


@hr.dag
def main(vector: Vector) -> Vector:
    return embed(vector)
"""


def archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(f"clip/{name}", b"")


def module_with(folder: Path, decorator: str):
    (folder / "pyproject.toml").touch()
    (folder / "engine.plan").write_bytes(b"ftrt" + bytes(60))
    (folder / "other.plan").write_bytes(b"anything else")
    (folder / "empty.plan").touch()
    (folder / "engine.pt").write_bytes(b"ftrt" + bytes(60))
    archive(folder / "script.pt", "constants.pkl", "data.pkl", "code/__torch__.py")
    archive(folder / "weights.pt", "data.pkl")
    archive(folder / "zipped.pt", "readme")
    (folder / "dag.py").write_text(DAG.replace("{decorator}", decorator))
    return load_module(str(folder / "dag.py")).module


@pytest.mark.parametrize(
    ("decorator", "code", "got"),
    [
        ('tensorrt("other.plan")', "model-file", "other content in other.plan"),
        ('tensorrt("empty.plan")', "model-file", "nothing in empty.plan"),
        ('tensorrt("script.pt")', "model-file", "'script.pt'"),
        ('tensorrt("/models/engine.plan")', "model-file", "/models/engine.plan"),
        ('tensorrt("engine.plan", device="cpu")', "option-value", "device='cpu'"),
        ('torchscript("engine.pt")', "model-file", "a TensorRT engine in engine.pt"),
        ('torchscript("weights.pt")', "model-file", "weights without code (torch.save) in weights.pt"),
        ('torchscript("zipped.pt")', "model-file", "another archive in zipped.pt"),
        ('torchscript("none.pt")', "model-file", "no file none.pt"),
        ('torchscript("script.pt", inputs={"vector": "INPUT__0"})', "unknown-option", "inputs"),
    ],
)
def test_a_file_that_is_not_what_the_step_says_is_refused(decorator, code, got, tmp_path):
    problems = check_module(module_with(tmp_path, decorator))
    assert {problem.code for problem in problems} == {code}
    assert got in problems[0].got


@pytest.mark.parametrize("decorator", ['tensorrt("engine.plan")', 'torchscript("script.pt")'])
def test_nothing_here_runs_it(decorator, tmp_path):
    module = module_with(tmp_path, decorator)
    assert check_module(module) == ()
    for called in (module.embed, module.main):
        with pytest.raises(EnvironmentLack, match=r"no-backend.*hr\.onnx"):
            called(np.zeros(2, np.float32))
