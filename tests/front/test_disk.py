"""What cannot be written: found at the door where it can be, and told beside all that could be done where it cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from tests.front.conftest import Project
from tests.front.recorded import RUN

from headrace.disk import look_at, refusal, writing
from headrace.launch.conclude import conclude
from headrace.launch.drive import Job, drive
from headrace.launch.prepare import Request, check
from headrace.progress.silent import SilentView
from headrace.runs import State, at_work
from headrace_dags.errors import EnvironmentLack

GOOD = ("--input", "text=one", "--input", "video=@talk.mp4", "--runtime", "inprocess")


def test_a_full_disk_and_a_refusal_are_told_apart() -> None:
    full = refusal(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Path("out"), "results", "pass --out DIR")
    assert str(full) == (
        "out [disk-full]: results need room on the disk, got no space left on device. "
        "Free some space, or pass --out DIR."
    )
    with (
        pytest.raises(EnvironmentLack, match=r"out \[disk-refused\].*read-only file system. Pass --out DIR."),
        writing(Path("out"), "results", "pass --out DIR"),
    ):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_looking_makes_nothing(tmp_path: Path) -> None:
    look_at(tmp_path / "a" / "b", "results", "pass --out DIR")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentLack, match="file is no folder"):
        look_at(tmp_path / "file" / "b", "results", "pass --out DIR")


def test_results_without_a_place_are_refused_at_the_door(project: Project) -> None:
    project.write("notes.txt", "in the way")
    done = project.headrace("run", "loud.py", *GOOD, "--out", "notes.txt/out")
    assert (done.code, done.out) == (3, "")
    assert "[disk-refused]" in done.err
    assert done.err.count("\n") == 1
    assert not (project.folder / ".headrace").exists()


def test_a_page_that_cannot_be_written_takes_no_results_along(project: Project) -> None:
    state = State(project.folder / ".headrace")
    pairs = ("text=a b", f"video=@{project.folder / 'talk.mp4'}")
    checked = check(Request(str(project.folder / "loud.py"), pairs, "inprocess"))
    job = Job(checked, RUN, state, state.scratch / RUN)
    drive(job, SilentView())
    (job.folder.path / "report.html").mkdir()
    end = conclude(state, RUN, checked.chosen, project.folder / "out")
    assert [lack.code for lack in end.lacks] == ["disk-refused"]
    assert (end.summary.status, end.summary.report) == ("succeeded", "")
    assert end.summary.outputs[0].value == {"words": 2}
    (project.folder / "blocked").touch()
    end = conclude(state, RUN, checked.chosen, project.folder / "blocked")
    assert [lack.where for lack in end.lacks] == [
        str(project.folder / "blocked"),
        str(job.folder.path / "report.html"),
    ]
    assert (end.summary.results, end.summary.outputs) == ("", ())


def test_of_a_run_that_never_began_nothing_is_left(tmp_path: Path) -> None:
    state = State(tmp_path)
    for path in state.of("begun"):
        path.mkdir(parents=True)
    (state.runs / "begun" / "plan.json").touch()
    for run in ("never", "begun"):
        with at_work(state, run):
            (state.objects / "local" / run).mkdir(parents=True, exist_ok=True)
    assert [path.exists() for path in state.of("never")] == [False, False, False]
    assert [path.exists() for path in state.of("begun")] == [True, True, False]


def test_output_that_has_no_room_is_the_machines_fault(project: Project) -> None:
    done = project.through('exec "$@" > /dev/full', "explain")
    assert done.code == 3
    assert done.err.startswith("standard output [disk-full]: ")


def test_a_reader_that_goes_does_not_end_the_run(project: Project) -> None:
    done = project.through('{ "$@" 2>&1 >&3 | true; exit ${PIPESTATUS[0]}; } 3>&1', "run", "loud.py", *GOOD)
    assert done.code == 0
    assert "loud succeeded in " in done.out


def test_closed_streams_are_none_of_our_business(project: Project) -> None:
    done = project.through('exec "$@" 2>&-', "run", "loud.py", *GOOD)
    assert done.code == 0
    assert "loud succeeded in " in done.out
