"""The driver with real steps, a real plan and a real runtime."""

import asyncio
from pathlib import Path

import pytest
from tests.events.shouting import shout

from headrace_dags.plan.gather import gather
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_events.engine.events import Outcome
from headrace_events.engine.progress import Progress
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.replay import replay
from headrace_events.engine.runid import new_run_id, state_secret
from headrace_events.engine.shell import execute_run
from headrace_events.engine.wiring import input_flows
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.inprocess import InProcessExecutor
from headrace_serving.tensors import Tensor

ROOT = Path(__file__).parents[2]
PLAN = plan(shout.graph, local(), gather(shout.graph, ROOT))


async def run(state: Path, text: str) -> tuple[Outcome, Progress, dict[str, list[str]]]:
    place = Workplace(import_root=ROOT, objects=state / "objects", scratch=state / "scratch")
    store, progress = FileStore(place.objects), Progress(PLAN)
    run_id = str(new_run_id(state_secret(state)))
    folder = RunFolder(state / "runs" / run_id)
    assert [(name, flow.wire) for name, flow in input_flows(PLAN).items()] == [("text", "text")]
    inputs = {"text": Tensor.of_bytes([text.encode()])}
    async with InProcessExecutor(PLAN, place) as executor:
        outcome = await execute_run(PLAN, run_id, inputs, executor, folder, progress.observe, store=store)
    record = RunRecord.read(folder.path)
    assert replay(record) == outcome
    outputs = {name: [item.decode() for item in items.array.flat] for name, _, items in record.outputs(store)}
    return outcome, progress, outputs


@pytest.mark.parametrize(("count", "tasks"), [(37, 5), (8, 1), (0, 0)])
def test_words_are_shouted(tmp_path: Path, count: int, tasks: int) -> None:
    text = " ".join(f"word{n}" for n in range(count))
    outcome, progress, outputs = asyncio.run(run(tmp_path, text))
    assert outcome.status == "succeeded"
    assert list(outputs.values()) == [[shout(text)]]
    assert [each.tasks for each in progress.segments] == [1, tasks, 1]
    assert all(each.complete for each in progress.segments)


def test_a_bad_input_ends_the_run_at_once(tmp_path: Path) -> None:
    outcome, progress, outputs = asyncio.run(run(tmp_path, "a\0b"))
    assert outcome.failure
    assert (outcome.status, outcome.failure.kind, outcome.failure.node) == ("failed", "input", "words")
    assert "null character" in outcome.failure.message
    assert not outputs
    assert progress.outcome == outcome
