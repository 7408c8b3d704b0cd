"""A process that drives a run is interrupted or killed: what it leaves behind can be read."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.events.fakes import RUN

from headrace_events.engine.events import Cancel, Started
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.replay import replay

ROOT = Path(__file__).parents[2]
DRIVE = """
import asyncio, sys
from pathlib import Path
import pytest
from tests.events.fakes import Bench, Fake
from tests.events.plans import Part, plan_of

async def hang(task, inputs):
    try:
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.5)

plan = plan_of("x", [Part("a", takes=("x",))], "a.out")
asyncio.run(Bench(Path(sys.argv[1])).execute(plan, Fake({"a": hang}), x=["v"]))
"""


def driven(path: Path, *how: signal.Signals) -> tuple[int, RunRecord]:
    """Start a run that never ends, stop its process once the task has begun, read the record. The task leaves slowly."""
    process = subprocess.Popen([sys.executable, "-c", DRIVE, str(path)], cwd=ROOT, stderr=subprocess.DEVNULL)
    inbox = path / "runs" / RUN / "inbox.jsonl"
    deadline = time.monotonic() + 60
    while not (inbox.exists() and b'"started"' in inbox.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for each in how:
        process.send_signal(each)
        time.sleep(0.1)
    return process.wait(60), RunRecord.read(inbox.parent)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_ctrl_c_records_the_outcome(tmp_path: Path, times: int) -> None:
    status, record = driven(tmp_path, *[signal.SIGINT] * times)
    assert status == -signal.SIGINT
    assert record.events[-1].event == Cancel(reason="interrupted")
    assert record.outcome == replay(record)
    assert record.outcome
    assert record.outcome.status == "cancelled"


def test_kill_leaves_a_record_up_to_there(tmp_path: Path) -> None:
    status, record = driven(tmp_path, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert isinstance(record.events[-1].event, Started)
    assert record.outcome is None
