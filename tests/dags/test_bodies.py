"""Steps made ready: functions, classes, ONNX models; and found again by import."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import onnx
import pytest
from handmade import declared, node_of, run_node
from onnx import TensorProto, helper
from pydantic import BaseModel

from headrace_dags.declare.stateful import Stateful, StatefulBatch
from headrace_dags.errors import DefinitionError, EnvironmentLack
from headrace_dags.graph import StepRef
from headrace_dags.layout import Layout
from headrace_dags.ports.types import Batch, Text
from headrace_dags.running.bodies import load, resolve
from headrace_dags.running.evaluate import NodeFailed

Vector = Annotated[Any, Layout("embedding", "d=3", dtype="float32")]
Free = Annotated[Any, Layout("tensor", "n", dtype="float32")]


class Range(BaseModel):
    low: int
    high: int


class Clip(Stateful):
    """Keeps what setup made."""

    range: Range
    factor: float = 1.0

    def setup(self) -> None:
        self.seen = 0

    def __call__(self, number: int) -> float:
        self.seen += 1
        return min(max(number, self.range.low), self.range.high) * self.factor + self.seen


class Broken(Stateful):
    def setup(self) -> None:
        raise OSError("no weights")

    def __call__(self, number: int) -> int:
        return number


class Upper(StatefulBatch[Text, Text], size=2):
    def batch(self, items: Batch[Text], /) -> Batch[Text]:
        return [f"{item.upper()}{len(items)}" for item in items]


def same(word: Text, /, mark: Text) -> Text:
    return word + mark


def test_a_function_is_called_by_name_also_where_it_wants_positions() -> None:
    assert load(declared(same), model_root=Path()).call({"mark": "!", "word": "a"}) == "a!"


def test_a_class_is_configured_and_set_up_once() -> None:
    body = load(declared(Clip, form="stateful", config={"range": {"low": 0, "high": 5}}), model_root=Path())
    assert [body.call({"number": 9}), body.call({"number": -1})] == [6.0, 2.0]


def test_a_class_that_handles_batches_serves_its_batch_method() -> None:
    declaration = declared(Upper, form="stateful", size=2)
    node = node_of(declaration, mapped="items")
    assert run_node(node, load(declaration, model_root=Path()), {"items": ["a", "b", "c"]}) == {
        "result": ["A2", "B2", "C1"]
    }


def test_what_setup_raises_comes_through() -> None:
    with pytest.raises(OSError, match="no weights"):
        load(declared(Broken, form="stateful"), model_root=Path())


def test_a_step_is_found_again_by_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "found_again.py").write_text(
        "from headrace_dags.declare.steps import step\n"
        "from headrace_dags.declare.stateful import Stateful\n"
        "@step\n"
        "def double(x: int) -> int:\n"
        "    return 2 * x\n"
        "class Scale(Stateful):\n"
        "    by: int = 2\n"
        "    def __call__(self, x: int) -> int:\n"
        "        return self.by * x\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    function = load(resolve(StepRef(target="found_again:double")), model_root=tmp_path)
    assert function.call({"x": 4}) == 8
    ref = StepRef(target="found_again:Scale", form="stateful", config={"by": 5})
    assert resolve(ref).ref == ref
    assert load(resolve(ref), model_root=tmp_path).call({"x": 4}) == 20
    with pytest.raises(DefinitionError, match="expects a step 'gone' in module found_again"):
        resolve(StepRef(target="found_again:gone"))


def test_an_attribute_error_inside_a_users_module_comes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("import sys\nsys.no_such_thing\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AttributeError, match="no_such_thing"):
        resolve(StepRef(target="broken_module:step"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with models: ``double.onnx`` doubles a vector of 3; ``batch.onnx`` scales rows and sums them."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    save(tmp_path / "double.onnx", [helper.make_node("Add", ["x", "x"], ["y"])], [x], [y])
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["batch", "n"])
    by = helper.make_tensor_value_info("by", TensorProto.FLOAT, [1])
    scaled = helper.make_tensor_value_info("scaled", TensorProto.FLOAT, ["batch", "n"])
    total = helper.make_tensor_value_info("total", TensorProto.FLOAT, ["batch", 1])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Mul", ["rows", "by"], ["scaled"]),
        helper.make_node("ReduceSum", ["scaled", "axes"], ["total"], keepdims=1),
    ]
    save(tmp_path / "batch.onnx", nodes, [rows, by], [scaled, total], [axes])
    return tmp_path


def save(path: Path, nodes: Any, inputs: Any, outputs: Any, constants: Any = ()) -> None:
    graph = helper.make_graph(nodes, "model", inputs, outputs, initializer=list(constants))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))


def twice(x: Vector) -> Vector: ...  # type: ignore[return]


One = Annotated[Any, Layout("tensor", "one=1", dtype="float32")]


class Scaled(NamedTuple):
    scaled: Free
    total: One


def scale(rows: Batch[Free], by: One) -> Batch[Free]: ...  # type: ignore[return]


def test_a_model_takes_and_gives_arrays(root: Path) -> None:
    declaration = declared(twice, form="onnx", model_file="double.onnx")
    body = load(declaration, model_root=root)
    assert body.call({"x": np.array([1, 2, 3], np.float32)}).tolist() == [2, 4, 6]
    with pytest.raises(NodeFailed, match="twice: InvalidArgument: ") as caught:
        run_node(node_of(declaration), body, {"x": np.zeros(4, np.float32)})
    assert caught.value.fault == "step"


def two_outputs() -> Any:
    """The declaration of a batched model with several outputs."""
    single = declared(scale, form="onnx", model_file="batch.onnx", size=8)

    def one(rows: Free) -> Scaled: ...  # type: ignore[return]

    outputs = declared(one).signature
    annotations = {**single.signature.annotations, **outputs.annotations}
    signature = replace(
        single.signature, outputs=outputs.outputs, annotations=annotations, result_class=outputs.result_class
    )
    return replace(single, signature=signature)


def test_a_batched_model_stacks_items_and_gives_each_its_row(root: Path) -> None:
    declaration = two_outputs()
    node = node_of(declaration, mapped="rows")
    rows = [np.full(size, value, np.float32) for size, value in ((2, 1.0), (3, 2.0), (2, 3.0))]
    found = run_node(node, load(declaration, model_root=root), {"rows": rows, "by": np.array([10], np.float32)})
    assert [row.tolist() for row in found["scaled"]] == [[10, 10], [20, 20, 20], [30, 30]]
    assert [total.tolist() for total in found["total"]] == [[20], [60], [60]]


def wrong_name(z: Vector) -> Vector: ...  # type: ignore[return]


def wrong_dtype(x: Annotated[Any, Layout("tensor", "d=3", dtype="float64")]) -> Vector: ...  # type: ignore[return]


def wrong_size(x: Annotated[Any, Layout("tensor", "d=4", dtype="float32")]) -> Vector: ...  # type: ignore[return]


def wrong_rank(x: Vector) -> Annotated[Any, Layout("tensor", "a b", dtype="float32")]: ...  # type: ignore[return]


def wrong_kind(x: Text) -> Vector: ...  # type: ignore[return]


def wrong_batch(x: Batch[Vector]) -> Batch[Vector]: ...  # type: ignore[return]


@pytest.mark.parametrize(
    ("fn", "texts"),
    [
        (
            wrong_name,
            [
                "handmade.py:1 (wrong_name.z) [onnx-port]: expects an input of the model: x, got 'z'",
                "(wrong_name.x) [onnx-port]: the model has this input, got no such parameter. Add a parameter x",
            ],
        ),
        (wrong_dtype, ["expects Tensor (float64 d=3), got x float32 [3] in the model"]),
        (wrong_size, ["expects Tensor (float32 d=4), got x float32 [3] in the model"]),
        (wrong_rank, ["(wrong_rank.result) [onnx-port]: expects Tensor (float32 a b), got y float32 [3] in the model"]),
        (wrong_kind, ["expects Text, got x float32 [3] in the model"]),
        (wrong_batch, ["got x float32 [3] in the model, its first axis being the batch. Give the port"]),
    ],
)
def test_a_model_that_does_not_match_its_step_is_told(root: Path, fn: Any, texts: list[str]) -> None:
    declaration = declared(fn, form="onnx", model_file="double.onnx", size=4 if fn is wrong_batch else 0)
    with pytest.raises(DefinitionError) as caught:
        load(declaration, model_root=root)
    for text in texts:
        assert text in str(caught.value)


def test_a_batched_model_of_one_batch_size_only_is_told(root: Path) -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [8, 3]) for name in "xy")
    save(root / "eight.onnx", [helper.make_node("Add", ["x", "x"], ["y"])], [x], [y])
    with pytest.raises(
        DefinitionError, match=r"float32 \[8, 3\] .* being the batch. Export the model with a free first"
    ):
        load(declared(wrong_batch, form="onnx", model_file="eight.onnx", size=8), model_root=root)


def test_a_model_that_is_not_there_or_no_model_is_told(root: Path) -> None:
    (root / "text.onnx").write_text("not a model")
    with pytest.raises(
        DefinitionError, match=r"\(twice\) \[onnx-file\]: expects its model file, got no file .*none.onnx"
    ):
        load(declared(twice, form="onnx", model_file="none.onnx"), model_root=root)
    with pytest.raises(DefinitionError, match=r"expects an ONNX model, got text.onnx \("):
        load(declared(twice, form="onnx", model_file="text.onnx"), model_root=root)


def test_a_missing_onnxruntime_is_told_with_the_line_that_installs_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EnvironmentLack, match=r"Run `pip install 'headrace\[onnx\]'`"):
        load(declared(twice, form="onnx", model_file="double.onnx"), model_root=root)
