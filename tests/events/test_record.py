"""Records: readable up to where they were cut off, and refused where they are something else."""

from pathlib import Path

import pytest
from tests.events.fakes import files_up_to
from tests.events.plans import Part, plan_of

from headrace_dags.errors import BadInput, EnvironmentLack
from headrace_events.engine.events import Event, Outcome, Payload, Result, Started, Submitted, TaskKey
from headrace_events.engine.inbox import Envelope, located
from headrace_events.engine.payloads import write
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.replay import replay
from headrace_events.engine.state import VERSION
from headrace_serving.objects.file import FileStore
from headrace_serving.tensors import Tensor

PLAN = plan_of("x", [Part("a", takes=("x",))], "a.out")
EVENTS: list[Event] = [
    Submitted(run="r", plan=PLAN.digest, inputs={"x": Payload(items=1, nbytes=3, offset=0, part="x")}),
    Started(task=TaskKey(segment="a")),
    Result(task=TaskKey(segment="a"), outputs={"a_out": Payload(items=2, nbytes=3, offset=2, part="a_out")}),
]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "r")
    folder.begin(PLAN, "r")
    parts = [{"x": write(Tensor.of_bytes([b"\xff\x00"]))}, {}, {"a_out": write(Tensor.of_bytes([b"1", b"2"]))}]
    with folder.writing() as add:
        for offset, event in enumerate(EVENTS):
            add(offset, 100.0 + offset, Envelope(event, parts[offset]))
    return folder


def test_it_reads_what_was_written(folder: RunFolder) -> None:
    outcome = Outcome(run="r", status="succeeded")
    folder.finish(outcome, 103.5)
    record = RunRecord.read(folder.path)
    assert (record.run, record.rules, record.plan) == ("r", VERSION, PLAN)
    assert [(each.event, each.offset, each.at_s) for each in record.events] == [
        (event, offset, 100.0 + offset) for offset, event in enumerate(EVENTS)
    ]
    assert record.ending
    assert (record.outcome, record.ending.at_s) == (outcome, 103.5)


def test_inline_payloads_are_in_the_record(folder: RunFolder) -> None:
    record, store = RunRecord.read(folder.path), FileStore(folder.path / "none")
    assert isinstance(EVENTS[0], Submitted)
    assert isinstance(EVENTS[2], Result)
    assert list(record.tensor(EVENTS[0].inputs["x"], store).array.flat) == [b"\xff\x00"]
    assert list(record.tensor(EVENTS[2].outputs["a_out"], store, 1, 2).array.flat) == [b"2"]
    assert record.tensor(EVENTS[2].outputs["a_out"], store, 0, 0).items == 0
    with pytest.raises(KeyError):
        record.tensor(Payload(items=1, nbytes=1, offset=7, part="x"), store)


def test_a_record_cut_off_anywhere_reads_up_to_there(folder: RunFolder) -> None:
    whole = folder.inbox.read_bytes()
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    assert len(ends) == 4
    for size in range(0, len(whole) + 1, 7):
        folder.inbox.write_bytes(whole[:size])
        record = RunRecord.read(folder.path)
        complete = max(sum(end <= size for end in ends) - 1, 0)
        assert [each.event for each in record.events] == EVENTS[:complete]
        assert record.outcome is None
        assert replay(record) is None or complete == len(EVENTS)
    folder.inbox.unlink()
    assert RunRecord.read(folder.path).events == ()


def test_no_record_and_another_format_are_refused(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-record"):
        RunRecord.read(tmp_path / "nowhere")
    for path, old, new in [
        (folder.inbox, b"inbox/1", b"inbox/2"),
        (folder.inbox, b"submitted", b"permitted"),
        (folder.plan, b"plan/2", b"plan/9"),
    ]:
        content = path.read_bytes()
        path.write_bytes(content.replace(old, new))
        with pytest.raises(BadInput, match="record-format"):
            RunRecord.read(folder.path)
        path.write_bytes(content)
    RunRecord.read(folder.path)


def test_envelopes_carry_events_and_parts() -> None:
    parts = {"b": b"\x00\n", "a": b""}
    for event in EVENTS:
        again = Envelope.read(Envelope(event, parts).write())
        assert (again.event, dict(again.parts), list(again.parts)) == (event, parts, ["b", "a"])
    for bad in (b"", b"\x00", Envelope(EVENTS[1], parts).write() + b"x", Envelope(EVENTS[1], parts).write()[:-1]):
        with pytest.raises(ValueError):
            Envelope.read(bad)


def test_an_event_gets_its_place_in_the_payloads_it_holds() -> None:
    inside, stored = Payload(items=1, nbytes=1, part="x"), Payload(items=1, nbytes=1, key="t/r/0")
    event = located(Submitted(run="r", plan="p", inputs={"x": inside, "y": stored}), 7)
    assert isinstance(event, Submitted)
    assert event.inputs == {"x": inside.model_copy(update={"offset": 7}), "y": stored}
    assert located(EVENTS[1], 7) is EVENTS[1]


def test_an_event_that_the_disk_takes_only_a_part_of_leaves_the_record_whole(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.begin(PLAN, "r")
    with folder.writing() as add:
        add(0, 1.0, Envelope(EVENTS[0]))
        with files_up_to(folder.inbox.stat().st_size + 10), pytest.raises(EnvironmentLack, match="record-write"):
            add(1, 2.0, Envelope(EVENTS[1]))
        add(2, 3.0, Envelope(EVENTS[1]))
    assert [each.offset for each in RunRecord.read(tmp_path).events] == [0, 2]
