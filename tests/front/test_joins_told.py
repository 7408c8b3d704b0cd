"""What people are told of runs that branch, wait and lose items: while they run, at their end, on their page, in their files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.front import branching, recorded
from tests.front.branching import RUN, ran
from tests.front.conftest import Project
from tests.front.test_report import Page

from headrace.cli.telling import as_text
from headrace.held import Values
from headrace.launch.runtime import Chosen
from headrace.launch.summary import Summary, lines, summarise
from headrace.output.save import Index, save
from headrace.progress.live import LiveView
from headrace.progress.plain import PlainView
from headrace.report.losses import losses
from headrace.report.page import notes
from headrace.report.story import Story, tell
from headrace.report.write import write
from headrace.runs import State
from headrace.terminal import Ink
from headrace_events.engine.readback import RunRecord
from headrace_serving.objects.file import FileStore


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def hows(story: Story) -> dict[str, str]:
    return {each.name: each.how for each in story.segments}


def page_of(state: State, record: RunRecord) -> Page:
    return Page(write(state, record.folder.path).read_text(encoding="utf-8"))


def saved(state: State, record: RunRecord, folder: Path) -> Index:
    return save(folder, RUN, record.plan.graph.name, Values(record, FileStore(state.objects)).outputs())


def summary_of(state: State, record: RunRecord, folder: Path) -> Summary:
    return summarise(tell(record), Chosen("inprocess", ""), None, folder, saved(state, record, folder))


def told(summary: Summary) -> list[str]:
    return "\n".join(lines(summary, Ink(on=False))).splitlines()


def plain(record: RunRecord, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with PlainView(record.plan) as view:
        for each in record.events:
            view.observe(each.event, each.at_s)
    return [line.partition("] ")[2] for line in capsys.readouterr().err.splitlines()]


def table(record: RunRecord) -> str:
    view = LiveView(record.plan)
    for each in record.events:
        view.observe(each.event, each.at_s)
    console = Console(file=io.StringIO(), width=140, color_system=None)
    console.print(view._drawn())
    return console.file.getvalue()


def test_what_nobody_needs_is_skipped(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ran(state, branching.condition, {"text": "abc"})
    story = tell(record)
    assert hows(story) == {"is-long": "done", "upper": "skipped"}
    assert plain(record, capsys)[-1] == "upper skipped (not needed)"
    (row,) = (line for line in table(record).splitlines() if line.startswith("upper"))
    assert "skipped (not needed)" in row
    assert any(
        line.split() == ["upper", "upper", "skipped", "(not", "needed)", *"-----"]
        for line in told(summary_of(state, record, tmp_path / "out"))
    )
    assert notes(story)["segment:upper"].text == "skipped (not needed)"
    assert notes(story)["upper"].tone == "idle"
    assert "skipped (not needed)" in page_of(state, record).texts


def test_what_is_needed_is_not(state: State) -> None:
    assert hows(tell(ran(state, branching.condition, {"text": "abcd"}))) == {"is-long": "done", "upper": "done"}


def test_a_branch_that_no_item_takes_is_skipped(state: State) -> None:
    story = tell(ran(state, branching.pages, {"text": "bill x bill"}))
    assert hows(story)["page-read-bill"] == "done"
    assert hows(story)["page-read-note"] == "skipped"


def test_what_still_runs_at_the_end_is_stopped(
    state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = ran(state, branching.hasty, {"text": "abc"})
    assert tell(record).status == "succeeded"
    assert hows(tell(record))["slow"] == "stopped"
    assert "slow stopped" in plain(record, capsys)
    assert [line.split()[2] for line in table(record).splitlines() if line.startswith("slow")] == ["stopped"]
    (row,) = (line.split() for line in told(summary_of(state, record, tmp_path / "out")) if line.startswith("  slow"))
    assert row == ["slow", "slow", "stopped", *"-----"]
    assert "stopped" in page_of(state, record).texts


def test_failures_that_joins_absorb_are_told(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ran(state, branching.hasty, {"text": "abc"})
    assert hows(tell(record))["broken"] == "failed"
    assert "broken failed: ValueError: a step that never works" in plain(record, capsys)
    end = told(summary_of(state, record, tmp_path / "out"))
    rows = [line.split(maxsplit=1) for line in end[end.index("What it did without") + 1 :] if line]
    assert ["broken", "failed: ValueError: a step that never works"] in rows
    page = page_of(state, record)
    assert page.texts.index("What it did without") < page.texts.index("Graph")
    assert "Failure" not in page.texts
    assert notes(tell(record))["broken"].tone == "bad"


def test_after_a_failure_the_rest_did_not_begin(state: State) -> None:
    story = tell(ran(state, branching.pages, {"text": "x bill x bad"}))
    assert story.status == "failed"
    assert hows(story)["page-read-bill"] == "failed"
    assert story.failure
    assert story.failure.item == 3, "its place on the axis, not among the items that took the branch"
    assert list(losses(story, FileStore(state.objects))) == [], "that is why the run failed"


def test_what_a_failure_leaves_without_input_did_not_begin(state: State) -> None:
    failed = recorded.record(state, failing="frames")
    assert hows(tell(failed))["frames"] == "failed"
    assert {hows(tell(failed))[name] for name in ("read", "join")} == {"unbegun"}
    assert page_of(state, failed).text.count("did not begin") == 2


def test_lost_items_say_how(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = ran(state, branching.numbers, {"text": "1 two 3"})
    (loss,) = losses(tell(record), FileStore(state.objects))
    message = "ValueError: invalid literal for int() with base 10: 'two'"
    assert (loss.segment, loss.failure.node, loss.failure.item, loss.failure.message) == (
        "number",
        "number",
        1,
        message,
    )
    assert any(
        line.startswith("number 3/3 done, ") and line.endswith(", 1 item lost") for line in plain(record, capsys)
    )
    assert "done, 1 item lost" in table(record)
    end = told(summary_of(state, record, tmp_path / "out"))
    assert f"  number  1 item lost, the first: {message}" in end
    page = page_of(state, record)
    assert page.texts.count(message) == 1
    assert "number, item 1" in page.texts
    assert f"Lost: {message}" in page.texts, "in its place among the results, too"
    assert any("1 item lost" in line for line in as_text(record))


def test_too_many_lost_items_are_all_on_the_page(state: State) -> None:
    record = ran(state, branching.numbers, {"text": "1 two 3 four five"})
    story = tell(record)
    assert story.failure
    assert story.failure.item == 1
    assert {each.failure.item for each in losses(story, FileStore(state.objects))} == {1, 3, 4}
    assert {"number, item 1", "number, item 3", "number, item 4", "Failure"} <= set(page_of(state, record).texts)


def test_losses_are_told_from_the_record_where_objects_are_gone(state: State) -> None:
    record = ran(state, branching.album, {"text": "dark light " + "x" * 200_000})
    assert [each.failure.item for each in losses(tell(record), FileStore(state.objects / "elsewhere"))] == [0]


NOTHINGS: Mapping[str, tuple[str, dict[str, Any], list[str]]] = {
    "page": ("x", {"items": 1, "missing": (0,), "value": None}, ["result.json"]),
    "pages": (
        "x bill",
        {"items": 2, "missing": (0,), "value": [None, {"total": 4, "name": "bill"}]},
        ["result/0000.json", "result/0001.json"],
    ),
    "condition": ("abc", {"items": 1, "missing": (0,), "value": None}, []),
    "album": ("a dark b", {"items": 3, "missing": (1,), "value": None}, ["result/0000.png", "result/0002.png"]),
}


@pytest.mark.parametrize("name", NOTHINGS)
def test_what_is_missing_is_null_or_left_out(name: str, state: State, tmp_path: Path) -> None:
    text, expected, names = NOTHINGS[name]
    record = ran(state, getattr(branching, name), {"text": text})
    (output,) = saved(state, record, tmp_path / "out").outputs
    assert {key: getattr(output, key) for key in expected} == expected
    files = [file.path for file in output.files if not file.path.endswith(".npy")]
    assert files == names
    assert " | None" in output.type
    assert all((tmp_path / "out" / file.path).stat().st_size == file.size for file in output.files)
    nulls = [file for file in files if file.endswith(".json") and (tmp_path / "out" / file).read_text() == "null\n"]
    assert nulls == [each for each in names[:1] if each.endswith(".json")]
    shown = "Lost: ValueError: too dark" if name == "album" else "Nothing"
    assert shown in page_of(state, record).texts


def test_many_items_that_are_none_have_an_empty_folder(state: State, tmp_path: Path) -> None:
    (output,) = saved(state, ran(state, branching.album, {"text": " "}), tmp_path / "out").outputs
    assert (output.items, output.missing, output.files) == (0, (), ())
    assert list((tmp_path / "out" / "result").iterdir()) == []


def test_what_is_missing_is_called_nothing(state: State, tmp_path: Path) -> None:
    end = told(summary_of(state, ran(state, branching.condition, {"text": "abc"}), tmp_path / "one"))
    assert "  result  Text | None  nothing" in end
    record = ran(State(tmp_path / "other"), branching.album, {"text": "a dark b"})
    end = told(summary_of(State(tmp_path / "other"), record, tmp_path / "many"))
    assert any(line.endswith("result/ (3 items, 1 nothing)") for line in end)


def test_the_command_line_tells_the_same(project: Project) -> None:
    project.write(
        "some.py",
        "import headrace as hr\n\n\n@hr.step\ndef long(text: hr.Text) -> bool:\n    return len(text) > 3\n\n\nclass Upper(hr.Stateful):\n    def __call__(self, text: hr.Text) -> hr.Text:\n        return text.upper()\n\n\n@hr.dag\ndef some(text: hr.Text) -> hr.Text | None:\n    return hr.when(long(text), Upper()(text))\n",
    )
    done = project.headrace("run", "some.py", "--input", "text=abc", "--runtime", "inprocess")
    assert done.code == 0, done.err
    assert "upper skipped (not needed)" in done.err
    done = project.headrace("run", "some.py", "--input", "text=abc", "--runtime", "inprocess", "--json")
    assert [(each["missing"], each["paths"], each["value"]) for each in done.json["outputs"]] == [([0], [], None)]
    assert {each["segment"]: each["how"] for each in done.json["timings"]} == {"long": "done", "upper": "skipped"}
    assert project.headrace("report", done.json["run"][:12]).code == 0
