"""What is shown while a run goes on, folded from recorded events."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from tests.front.recorded import plan, record

from headrace.progress.live import LiveView
from headrace.progress.plain import PlainView
from headrace.progress.silent import SilentView
from headrace.progress.view import View, view_for
from headrace.runs import State
from headrace_events.engine.events import Item, Result, Started, TaskKey
from headrace_events.engine.progress import Progress
from headrace_events.engine.readback import RunRecord


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    return record(State(tmp_path))


def drawn(view: LiveView) -> list[str]:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(view._drawn())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_plain_lines_tell_stages_and_segments(run: RunRecord, capsys: pytest.CaptureFixture[str]) -> None:
    with PlainView(plan()) as view:
        view.stage("running")
        for each in run.events:
            view.observe(each.event, each.at_s)
        view.note("repaired")
    told = capsys.readouterr()
    lines = [line.partition("] ")[2].partition(",")[0] for line in told.err.splitlines()]
    assert told.out == ""
    assert sorted(lines) == sorted(["running", "frames done", "sound done", "read 3/3 done", "join done", "repaired"])
    assert lines.index("frames done") < lines.index("read 3/3 done") < lines.index("join done")


def test_the_table_shows_each_node_with_its_state(run: RunRecord) -> None:
    view = LiveView(plan())
    view.stage("starting triton")
    before = drawn(view)
    assert before[0].split() == ["NODE", "SEGMENT", "TASKS", "TIME"]
    assert [line.split()[:3] for line in before[1:5]] == [
        ["frames", "frames", "waiting"],
        ["sound", "sound", "waiting"],
        ["read", "read", "waiting"],
        ["join", "join", "waiting"],
    ]
    assert before[5].startswith("lecture: starting triton, ")
    for each in run.events[:-1]:
        view.observe(each.event, each.at_s)
    during = drawn(view)
    assert "done" in during[1]
    assert "━━━━━━━━━━━━━━━━ 3/3" in during[3]
    assert "waiting" in during[4]
    for each in run.events[-1:]:
        view.observe(each.event, each.at_s)
    assert drawn(view)[5].startswith("lecture: succeeded, ")


def test_a_segment_that_runs_is_seen(run: RunRecord) -> None:
    view = LiveView(plan())
    view.observe(run.events[0].event, run.events[0].at_s)
    view.observe(Started(task=TaskKey(segment="frames")), run.events[0].at_s + 0.1)
    assert "running" in "".join(drawn(view))


@pytest.mark.parametrize("view", [LiveView(plan()), PlainView(plan()), SilentView()])
def test_what_takes_minutes_is_told_everywhere(view: View, capsys: pytest.CaptureFixture[str]) -> None:
    view.making("building the image", 0, 0)
    view.making("installing", 3, 9)
    told = capsys.readouterr()
    shown = told.err + ("\n".join(drawn(view)) if isinstance(view, LiveView) else "")
    assert told.out == ""
    assert "building the image" in shown
    if isinstance(view, SilentView):
        assert json.loads(told.err.splitlines()[1]) == {"making": "installing", "step": 3, "steps": 9}
    else:
        assert "installing (step 3 of 9)" in shown


@pytest.mark.parametrize(("quiet", "kind"), [(True, SilentView), (False, PlainView)])
def test_without_a_terminal_nothing_is_drawn_over(quiet: bool, kind: type[View]) -> None:
    assert type(view_for(plan(), quiet=quiet)) is kind


def test_an_event_counts_what_it_moved_alone(run: RunRecord) -> None:
    """A display of hundreds of segments must not count all of them anew with each event."""
    progress = Progress(run.plan)
    moved: list[set[str]] = []
    for each in run.events:
        before = progress.segments
        progress.observe(each.event, each.at_s)
        after = progress.segments
        moved.append({new.name for old, new in zip(before, after, strict=True) if new is not old})
    concerned = [{each.event.task.segment} if isinstance(each.event, Started | Item) else None for each in run.events]
    assert all(seen == only for seen, only in zip(moved, concerned, strict=True) if only is not None)
    results = [seen for seen, each in zip(moved[:-1], run.events, strict=False) if isinstance(each.event, Result)]
    assert results
    assert all(len(seen) < len(run.plan.segments) for seen in results)
