"""Where model files lie: below the import root, or inside an installed package."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from headrace_dags.declare.modelfile import find, root_of
from headrace_dags.plan.gather import gather
from headrace_dags.project.check import check_module
from headrace_dags.project.discover import load, load_module

MODELS = """
from typing import Annotated

import headrace as hr
import numpy as np

Row = Annotated[np.ndarray[tuple[int], np.dtype[np.float32]], hr.Layout("tensor", "d=4")]


@hr.onnx("{0}")
def single(row: Row) -> Row: ...


@hr.onnx("{0}", size=8, wait="1ms", memory="1Gi")
def batched(rows: hr.Batch[Row]) -> hr.Batch[Row]: ...


@hr.dag
def main(rows: hr.Many[Row]) -> hr.Many[Row]:
    return batched.map(single.map(rows))
"""


def written(folder: Path, model: str) -> Path:
    file = folder / "flows" / "modelled.py"
    file.parent.mkdir(parents=True)
    file.write_text(MODELS.format(model))
    (folder / "pyproject.toml").touch()
    return file


def test_a_path_starts_from_the_import_root(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.onnx").write_bytes(b"model")
    file = written(tmp_path, "models/a.onnx")
    found = load(str(file))
    node, other = found.dag.graph.nodes
    assert (node.step.form, node.step.model_file, node.step.batching) == ("onnx", "models/a.onnx", None)
    assert other.step.batching
    assert (other.step.batching.size, other.step.batch_ports, other.mapped) == (8, ("rows",), ("rows",))
    assert root_of(found.module.single.fn) == found.import_root == tmp_path.resolve()
    assert find(node.step.model_file, found.import_root).read_bytes() == b"model"
    assert gather(found.dag.graph, found.import_root).missing == ()


def test_a_file_inside_an_installed_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "tiny_model"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "a.onnx").write_bytes(b"model")
    monkeypatch.syspath_prepend(str(package.parent))
    found = load(str(written(tmp_path / "project", "tiny_model:a.onnx")))
    assert find("tiny_model:a.onnx", found.import_root) == package / "a.onnx"
    inputs = gather(found.dag.graph, found.import_root)
    assert inputs.missing == ()
    assert list(inputs.models) == ["tiny_model:a.onnx"]


@pytest.mark.parametrize("model", ["models/none.onnx", "no_such_package:a.onnx", "hypothesis:none.onnx", "../a.onnx"])
def test_what_is_not_there_is_told(model: str, tmp_path: Path) -> None:
    problems = check_module(load_module(str(written(tmp_path, model))).module)
    assert [problem.code for problem in problems] == ["onnx-file", "onnx-file"]


def test_the_root_of_a_library_is_where_its_name_starts() -> None:
    assert root_of(hypothesis.settings.get_profile) == Path(hypothesis.__file__).parents[1]


def test_models_run_outside_a_dag_and_are_opened_once(tmp_path: Path) -> None:
    file = written(tmp_path, "double.onnx")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in ("row", "doubled"))
    rows, out = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("rows", "doubled"))
    saved(tmp_path / "double.onnx", "row", x, y)
    saved(tmp_path / "many.onnx", "rows", rows, out)
    file.write_text(file.read_text().replace('"double.onnx", size=8', '"many.onnx", size=2'))
    module = load_module(str(file)).module
    vectors = [np.full(4, value, np.float32) for value in range(3)]
    assert module.single(vectors[1]).tolist() == [2, 2, 2, 2]
    assert module.batched(vectors[2]).tolist() == [4, 4, 4, 4]
    opened = module.batched.opened
    assert [row.tolist() for row in module.batched.map(vectors)] == [[0] * 4, [2] * 4, [4] * 4]
    assert module.batched.opened is opened
    assert [row.tolist() for row in module.main(vectors)] == [[0] * 4, [4] * 4, [8] * 4]


def saved(path: Path, name: str, given: onnx.ValueInfoProto, made: onnx.ValueInfoProto) -> None:
    """A model that doubles what it is given."""
    graph = helper.make_graph([helper.make_node("Add", [name, name], ["doubled"])], "double", [given], [made])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
