"""What every runtime does. A variant's test derives from RuntimeConformance and says how its executor is made.

One executor serves all the dags of ``tests/serving/served``; what it must give is what a plain call of the dag gives.
"""

import asyncio
import hashlib
import math
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from headrace_dags.declare.dag import Dag
from headrace_dags.graph import Graph, Use
from headrace_dags.media.handles import FileSource, Mp4, Png, Video
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Flow, Plan, Segment
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_dags.ports.annotations import Parsed, parse
from headrace_serving.codec import Sink, blank, decode, encode
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Executor, Task, Workplace
from headrace_serving.tensors import Tensor

Make = Callable[[Plan, Workplace], Executor]
Fail = Callable[[str, str, str], Awaitable[TaskFailure]]
SERVED = Path(__file__).parents[1] / "serving" / "served"
MODULES = ("served_dags", "stream_dags")
MIB = 1 << 20


def write_linear_model(path: Path, shape: list[int | str]) -> None:
    """An ONNX model: y = 2 x + 1."""
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["twice"]), helper.make_node("Add", ["twice", "one"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0]),
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


@dataclass
class Served:
    """Dags and the plan that serves all of them together."""

    workplace: Workplace
    dags: ModuleType
    plans: Mapping[str, Plan]

    @property
    def plan(self) -> Plan:
        plans = list(self.plans.values())
        nodes = tuple(node for each in plans for node in each.graph.nodes)
        assert len({node.name for node in nodes}) == len(nodes), "the dags share no step"
        graph = Graph(name="all", target="", inputs=(), outputs=(), nodes=nodes)
        return Plan(graph=graph, target=local(), segments=tuple(segment for each in plans for segment in each.segments))


def planned(root: Path, dag: Dag[..., Any]) -> Plan:
    return plan(dag.graph, local(), gather(dag.graph, root))


@dataclass
class Driver:
    """Runs whole dags on an executor, a task for each segment, as the engine would without a log."""

    executor: Executor
    served: Served
    prefix: str = "tenant/run"
    tasks: int = field(default=0)
    taken: list[tuple[int, Mapping[str, Tensor]]] = field(default_factory=list)

    @property
    def store(self) -> FileStore:
        return FileStore(self.served.workplace.objects)

    async def run(self, dag: Dag[..., Any], *values: Any, deadline_s: float | None = 30.0) -> Any:
        plan = self.served.plans[dag.__name__]
        known: dict[Use, Tensor] = {}
        for flow, value in zip(plan.inputs, values, strict=True):
            known[flow.use] = encode(flow, self._annotation(dag, flow), value, Sink(self.store, self.prefix))
        for segment in plan.segments:
            inputs = {flow.name: known[flow.use] for flow in segment.inputs}
            outputs = await self.call(segment, inputs, deadline_s)
            assert set(outputs) == {flow.name for flow in segment.outputs}
            known.update({flow.use: outputs[flow.name] for flow in segment.outputs})
        (output,) = plan.outputs
        return decode(output, self._annotation(dag, output), known[output.use], self.store)

    async def call(
        self, segment: Segment, inputs: Mapping[str, Tensor], deadline_s: float | None
    ) -> Mapping[str, Tensor]:
        self.tasks += 1
        task = Task(
            id=f"run/{segment.name}/0/{self.tasks}", prefix=self.prefix, segment=segment.name, deadline_s=deadline_s
        )
        if segment.stream is None:
            return await self.executor.call(task, inputs)
        (flow,) = segment.outputs
        self.taken = items = []
        await self.executor.stream(task, inputs, lambda *item: self._take(items, item))
        assert [index for index, _ in items] == list(range(len(items)))
        assert all(item[flow.name].items == 1 for _, item in items)
        return {flow.name: Tensor.join([item[flow.name] for _, item in items] or [blank(flow, 0)])}

    @staticmethod
    async def _take(items: list[tuple[int, Mapping[str, Tensor]]], item: tuple[int, Mapping[str, Tensor]]) -> None:
        items.append(item)

    async def failure(self, dag: Dag[..., Any], *values: Any, deadline_s: float | None = 30.0) -> TaskFailure:
        with pytest.raises(TaskFailed) as caught:
            await self.run(dag, *values, deadline_s=deadline_s)
        return caught.value.failure

    @staticmethod
    def _annotation(dag: Dag[..., Any], flow: Flow) -> Any:
        """The annotation of one item, as the dag's own signature has it."""
        hints = {**dag.fn.__annotations__}
        found = parse(hints[flow.use.port if not flow.use.node else "return"])
        assert isinstance(found, Parsed)
        return found.item


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("projekt-é")
    shutil.copytree(SERVED, root, dirs_exist_ok=True)
    write_linear_model(root / "linear.onnx", [4])
    write_linear_model(root / "rows.onnx", ["rows", 4])
    sys.path.insert(0, str(root))
    for name in MODULES:
        sys.modules.pop(name, None)
    import served_dags

    scratch = root / ".headrace" / "scratch"
    place = Workplace(import_root=root, objects=root / ".headrace" / "objects", scratch=scratch)
    yield Served(place, served_dags, {dag.__name__: planned(root, dag) for dag in served_dags.DAGS})
    sys.path.remove(str(root))
    for name in MODULES:
        del sys.modules[name]


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def driver(served: Served, make: Make) -> AsyncIterator[Driver]:
    async with make(served.plan, served.workplace) as executor:
        yield Driver(executor, served)


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


class RuntimeConformance:
    """The behaviours. The variant gives the fixture ``make``; its executor is entered once for all of them."""

    @pytest.fixture
    def dags(self, served: Served) -> ModuleType:
        return served.dags

    async def test_gives_what_plain_calls_give(self, driver: Driver, dags: Any) -> None:
        invoice = dags.Invoice(number=7, total=math.inf, lines=["ä", ""])
        calls: list[tuple[Any, tuple[Any, ...]]] = [
            (dags.one_function, ("Ωλ",)),
            (dags.one_function, ("",)),
            (dags.two_fused, (21,)),
            (dags.several_outputs, ("leftright",)),
            (dags.models_and_constants, (invoice,)),
            (dags.nothing_in, ()),
            (dags.stateful, (9,)),
            (dags.branching, ("  a b ",)),
            (dags.batched_once, ("x",)),
            (dags.many_inside, (5,)),
            (dags.many_inside, (0,)),
        ]
        for dag, values in calls:
            assert await driver.run(dag, *values) == dag(*values), dag

    async def test_nan_stays_nan(self, driver: Driver, dags: Any) -> None:
        assert math.isnan((await driver.run(dags.models_and_constants, dags.Invoice(number=1, total=math.nan))).total)

    async def test_an_ensemble_branches_and_joins(self, driver: Driver, dags: Any) -> None:
        (segment,) = driver.served.plans["branching"].segments
        assert (segment.lowering, len(segment.members)) == ("ensemble", 4)
        texts = [" " * n + "x" * n for n in range(20)]
        got = await asyncio.gather(*(driver.run(dags.branching, text) for text in texts))
        assert got == [dags.branching(text) for text in texts]

    @pytest.mark.parametrize("items", [0, 1, 8, 37])
    async def test_any_number_of_items_meets_a_batch_of_eight(self, driver: Driver, dags: Any, items: int) -> None:
        (segment,) = driver.served.plans["mapped"].segments
        assert [member.batching and member.batching.size for member in segment.members] == [8, 8]
        texts = [f"{'x' * n}" for n in range(items)]
        before = driver.tasks
        got = await driver.run(dags.mapped, texts)
        assert driver.tasks == before + 1, "all in one task"
        assert [list(each) for each in got] == [[len(text)] * 4 for text in texts]
        assert all(each.dtype == np.float32 for each in got)

    @pytest.mark.parametrize("sizes", [(), ((2, 2),), ((2, 3), (300, 400), (1, 1))])
    async def test_ragged_images(self, driver: Driver, dags: Any, sizes: tuple[tuple[int, int], ...]) -> None:
        images = [noise(*size, 3, seed=index) for index, size in enumerate(sizes)]
        for got, sent in zip(await driver.run(dags.ragged, images), images, strict=True):
            np.testing.assert_array_equal(got, sent[::2, ::2])
        assert await driver.run(dags.over_a_hop, images) == [float(image[:, ::-1].std()) for image in images]

    async def test_a_large_image(self, driver: Driver, dags: Any) -> None:
        image = noise(4096, 4096, 3)
        assert image.nbytes == 48 * MIB
        assert await driver.run(dags.one_image, image) == float(image.mean())

    async def test_a_body_may_write_to_its_input(self, driver: Driver, dags: Any) -> None:
        image = noise(3, 3, 3)
        kept = image.copy()
        assert await driver.run(dags.written_to, image) == 7
        np.testing.assert_array_equal(image, kept)

    async def test_an_onnx_model(self, driver: Driver, dags: Any) -> None:
        got = await driver.run(dags.one_onnx, np.arange(4, dtype=np.float32))
        np.testing.assert_array_equal(got, np.array([1, 3, 5, 7], np.float32))

    async def test_an_onnx_model_that_is_batched(self, driver: Driver, dags: Any) -> None:
        rows = [np.full(4, n, np.float32) for n in range(20)]
        assert [list(row) for row in await driver.run(dags.batched_onnx, rows)] == [[2 * n + 1] * 4 for n in range(20)]

    async def test_a_video_is_read_where_it_lies(self, driver: Driver, dags: Any, tmp_path: Path) -> None:
        data = os.urandom(3 * MIB)
        (tmp_path / "film.mp4").write_bytes(data)
        places = [data[len(data) * part // 10] for part in range(10)]
        got = await driver.run(dags.a_video, Video(FileSource(tmp_path / "film.mp4", "video/mp4")))
        assert got == f"{hashlib.sha256(data).hexdigest()} {places}"

    async def test_media_that_a_step_makes_go_to_the_store_of_the_run(self, driver: Driver, dags: Any) -> None:
        first, _ = driver.served.plans["made_media"].segments
        assert first.lowering == "ensemble"
        image = await driver.run(dags.made_media, 30)
        assert type(image) is Png
        assert image.path().parent == driver.served.workplace.objects / "tenant" / "run"
        assert image.read() == dags.drawn(30)

    async def test_a_step_that_raises(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.dividing, 0)
        assert (failure.kind, failure.node, failure.item) == ("step", "divide", -1)
        assert failure.message == "ZeroDivisionError: division by zero"
        assert "return 1 / number" in failure.traceback
        assert "headrace" not in failure.traceback.replace("headrace-", "")
        assert failure.location.partition(":")[0].endswith("served_dags.py")
        assert await driver.run(dags.dividing, 2) == 0.5, "and lives on"

    async def test_an_input_at_fault(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.decoding, [*"0123456789" * 2, "x", "1"])
        assert (failure.kind, failure.node, failure.port, failure.item) == ("input", "decode", "text", 20)
        assert failure.message == "no digits in 'x'"

    async def test_an_output_of_another_type(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.misdeclared, 1)
        assert (failure.kind, failure.node, failure.port) == ("output", "wrong_type", "result")
        assert "float64" in failure.message
        assert "served_dags.py:" in failure.location

    async def test_a_body_that_exits(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.quitting, 3)
        assert (failure.kind, failure.node, failure.message) == ("step", "quit_all", "SystemExit: 3")

    async def test_a_body_that_says_it_is_cancelled(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.cancelling, 1)
        assert (failure.kind, failure.node) == ("step", "cancel_itself")
        assert failure.message == "CancelledError: from inside"

    async def test_a_medium_that_is_gone_when_its_step_has_returned(self, driver: Driver, dags: Any) -> None:
        failure = await driver.failure(dags.vanishing, 3)
        assert (failure.kind, failure.node, failure.port) == ("output", "draw_in_passing", "result")
        assert "expects a medium that can still be read when the step has returned, got hr.Png" in failure.message
        assert "made.png'. Give its bytes, or a file in a folder that stays (tempfile.mkdtemp)" in failure.message

    async def test_a_failure_inside_an_ensemble(self, driver: Driver, dags: Any) -> None:
        (segment,) = driver.served.plans["failing_inside"].segments
        assert segment.lowering == "ensemble"
        failure = await driver.failure(dags.failing_inside, ["good"] * 30 + ["bad"])
        assert (failure.kind, failure.node) == ("step", "picky")
        assert failure.message.startswith("ValueError: bad ☠")
        assert await driver.run(dags.failing_inside, ["good"] * 31) == ["good"] * 31

    async def test_a_task_that_takes_too_long(self, driver: Driver, dags: Any) -> None:
        begin = asyncio.get_running_loop().time()
        failure = await driver.failure(dags.sleeping, 1.0, deadline_s=0.1)
        assert asyncio.get_running_loop().time() - begin < 0.9
        assert (failure.kind, failure.node, failure.message) == ("timeout", "sleep", "sleep took longer than 0.1 s")
        assert await driver.run(dags.sleeping, 0.01) == 0.01

    async def test_a_task_that_is_cancelled(self, driver: Driver, dags: Any) -> None:
        call = asyncio.ensure_future(driver.run(dags.sleeping, 0.3))
        await asyncio.sleep(0.05)
        waiting = asyncio.ensure_future(driver.run(dags.sleeping, 60.0))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await call == 0.3
        assert await driver.run(dags.sleeping, 0.01) == 0.01, "what was cancelled while it waited never ran"

    async def test_many_at_once(self, driver: Driver, dags: Any) -> None:
        got = await asyncio.gather(
            *(driver.run(dags.two_fused, n) for n in range(40)),
            *(driver.run(dags.batched_once, f"t{n}") for n in range(40)),
        )
        assert got == [f"{2 * n:.1f}" for n in range(40)] + [f"T{n}" for n in range(40)]

    async def test_an_object_that_is_gone(self, driver: Driver, dags: Any) -> None:
        plan = driver.served.plans["a_video"]
        tensor = encode(plan.inputs[0], Video, Mp4(b"....ftypisom"), Sink(driver.store, driver.prefix))
        for path in driver.store.root.rglob(hashlib.sha256(b"....ftypisom").hexdigest()):
            path.unlink()
        with pytest.raises(TaskFailed) as caught:
            await driver.call(plan.segments[0], {plan.inputs[0].name: tensor}, 30.0)
        assert caught.value.failure.kind in {"step", "internal"}
        assert "FileNotFoundError" in caught.value.failure.message


LOADING = """
import headrace as hr

{head}

class Model(hr.Stateful):
    size: int = 1

    def setup(self) -> None:
        {setup}

    def __call__(self, text: hr.Text) -> hr.Text:
        return text

@hr.step
def fine(text: hr.Text) -> hr.Text:
    return text

@hr.dag
def dag(text: hr.Text) -> hr.Text:
    return Model()(fine(text))
"""


class LoadingConformance:
    """What happens when a step cannot be loaded. Each case has an executor of its own."""

    @pytest.fixture
    def failure(self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fail:
        """Plans a module while it is fine, and gives the failure of serving it when it is not any more."""

        async def fail(name: str, head: str, setup: str) -> TaskFailure:
            monkeypatch.syspath_prepend(str(tmp_path))
            monkeypatch.setenv("FAILS", "")
            (tmp_path / f"{name}.py").write_text(LOADING.format(head=head, setup=setup))
            made = planned(tmp_path, import_module(name).dag)
            del sys.modules[name]
            monkeypatch.setenv("FAILS", "yes")
            place = Workplace(import_root=tmp_path, objects=tmp_path / "objects", scratch=tmp_path / "scratch")
            with pytest.raises(TaskFailed) as caught:
                async with make(made, place):
                    pass
            return caught.value.failure

        return fail

    async def test_nothing_to_serve(self, make: Make, tmp_path: Path) -> None:
        graph = Graph(name="nothing", target="", inputs=(), outputs=(), nodes=())
        place = Workplace(import_root=tmp_path, objects=tmp_path / "objects", scratch=tmp_path / "scratch")
        async with make(Plan(graph=graph, target=local(), segments=()), place):
            assert os.listdir(tmp_path) == []  # noqa: PTH208  # a path's own methods are refused in async tests

    async def test_an_import_that_fails(self, failure: Fail) -> None:
        head = "import os\nif os.environ['FAILS']:\n    import a_module_that_is_not_there"
        found = await failure("failing_import", head, "pass")
        assert found.kind == "load"
        assert found.node in {"fine", "model"}
        assert found.message == "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
        assert "import a_module_that_is_not_there" in found.traceback
        assert found.location.endswith("failing_import.py:6")

    async def test_a_setup_that_fails(self, failure: Fail) -> None:
        setup = "raise RuntimeError('weights are \"gone\"\\n100 %')"
        found = await failure("failing_setup", "", setup)
        assert (found.kind, found.node) == ("load", "model")
        assert found.message == 'RuntimeError: weights are "gone"\n100 %'
        assert "in setup" in found.traceback
        assert "failing_setup.py:" in found.location

    async def test_a_machine_that_lacks_something(self, failure: Fail) -> None:
        head = "from headrace_dags.errors import EnvironmentLack, Problem"
        setup = "raise EnvironmentLack(Problem('extra', 'model', 'needs a package', 'none', 'Run pip install it'))"
        found = await failure("lacking", head, setup)
        assert (found.kind, found.node, found.traceback) == ("environment", "model", "")
        assert found.message == "model [extra]: needs a package, got none. Run pip install it."
