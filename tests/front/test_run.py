"""``headrace run``: results, exit codes, and that nothing starts while an input is wrong. Steps run in process here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.front.conftest import MP4, Project
from tests.front.recorded import png

from headrace.launch.summary import SegmentTimes, Summary, lines
from headrace.terminal import Ink

GOOD = ("--input", "text=one two three", "--input", "video=@talk.mp4")


def run(project: Project, *arguments: str, **environment: str):
    return project.headrace("run", "loud.py", *arguments, "--runtime", "inprocess", **environment)


def untouched(project: Project) -> bool:
    """Whether nothing was started: no record, no object, no scratch folder."""
    return not (project.folder / ".headrace").exists() and not (project.folder / "out").exists()


def test_a_run_tells_results_times_and_the_page(project: Project) -> None:
    done = run(project, *GOOD, "--out", "results")
    assert done.code == 0, done.err
    assert "loud succeeded in " in done.out
    assert "result  loud:Count  result.json (" in done.out
    assert "Where the time went" in done.out
    page = project.folder / done.out.splitlines()[-1].split(maxsplit=1)[1]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((project.folder / "results" / "result.json").read_text(encoding="utf-8")) == {"words": 3}
    assert "Runtime inprocess: steps run in this process; not exercised: the server" in done.err
    assert "running" in done.err


def test_json_is_one_object_and_nothing_else(project: Project) -> None:
    done = run(project, *GOOD, "--json")
    assert done.code == 0
    summary = done.json
    assert (summary["status"], summary["dag"], summary["runtime"]) == ("succeeded", "loud", "inprocess")
    (output,) = summary["outputs"]
    assert output["value"] == {"words": 3}
    assert output["media_types"] == ["application/json"]
    assert Path(output["paths"][0]).parent == project.folder / "out" / summary["run"]
    assert Path(summary["report"]).is_file()
    nodes = [node for times in summary["timings"] for node in times["nodes"]]
    assert sorted(nodes) == ["count", "keep", "shout", "words"]
    assert all(times["compute_s"] > 0 for times in summary["timings"])
    assert project.headrace("logs", summary["run"]).code == 0


def test_no_escape_signs_where_there_is_no_terminal(project: Project) -> None:
    done = run(project, *GOOD)
    assert "\x1b" not in done.out + done.err


def test_the_scratch_folder_goes_unless_it_is_kept(project: Project) -> None:
    run(project, *GOOD)
    scratch = project.folder / ".headrace" / "scratch"
    assert not list(scratch.iterdir())
    done = run(project, *GOOD, "--keep")
    (kept,) = scratch.iterdir()
    assert f"Kept: {kept}" in done.err
    assert project.headrace("clean", "--yes").code == 0
    assert not kept.exists()


def test_the_state_folder_is_beside_the_code_or_as_set(project: Project, tmp_path: Path) -> None:
    project.write("inner/there.txt", "")
    inner = Project(project.folder / "inner")
    assert (
        inner.headrace(
            "run", "../loud.py", "--input", "text=a", "--input", "video=@../talk.mp4", "--runtime", "inprocess"
        ).code
        == 0
    )
    assert (project.folder / ".headrace" / "runs").is_dir()
    assert (inner.folder / "out").is_dir()
    run(project, *GOOD, HEADRACE_STATE=str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere" / "runs").is_dir()


BAD_INPUTS = {
    "not a video": (("--input", "text=a", "--input", "video=@notes.mp4"), "video", "input-media"),
    "truncated header": (("--input", "text=a", "--input", "video=@cut.mp4"), "video", "input-damaged"),
    "0 bytes": (("--input", "text=a", "--input", "video=@empty.mp4"), "video", "input-empty"),
    "wrong medium": (("--input", "text=a", "--input", "video=@picture.png"), "video", "input-media"),
    "missing": (("--input", "text=a"), "video", "input-missing"),
    "unknown": ((*GOOD, "--input", "vidoe=@talk.mp4"), "vidoe", "input-unknown"),
    "not there": (("--input", "text=a", "--input", "video=@tlak.mp4"), "video", "input-file"),
    "a folder": (("--input", "text=a", "--input", "video=@."), "video", "input-file"),
    "no file": (("--input", "text=a", "--input", "video=talk.mp4"), "video", "input-file"),
    "no pair": ((*GOOD, "--input", "talk.mp4"), "talk.mp4", "input-shape"),
    "twice": ((*GOOD, "--input", "text=b"), "text", "input-twice"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_refused_at_the_door(case: str, project: Project) -> None:
    arguments, name, code = BAD_INPUTS[case]
    project.write("notes.mp4", "these are notes, not a video")
    project.write("cut.mp4", MP4[:26])
    project.write("empty.mp4", b"")
    import numpy as np

    png(project.folder / "picture.png", np.zeros((3, 3, 3), np.uint8))
    done = run(project, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"--input {name} [{code}]: ")
    assert done.err.endswith(".\n")
    assert done.err.count("\n") == 1, "one paragraph"
    assert untouched(project)


def test_several_problems_are_told_together(project: Project) -> None:
    done = run(project, "--input", "video=@tlak.mp4", "--json")
    assert done.code == 2
    problems = json.loads(done.err)["problems"]
    assert {problem["where"] for problem in problems} == {"--input text", "--input video"}
    assert untouched(project)


def test_two_dags_and_none_named(project: Project) -> None:
    project.write(
        "two.py",
        "import headrace as hr\n\n\n@hr.step\ndef one(x: int) -> int:\n    return x\n\n\n@hr.dag\ndef a(x: int) -> int:\n    return one(x)\n\n\n@hr.dag\ndef b(x: int) -> int:\n    return one(x)\n",
    )
    done = project.headrace("run", "two.py", "--input", "x=1")
    assert done.code == 2
    assert "[several-dags]" in done.err
    assert "two.py:a" in done.err
    assert untouched(project)


def test_a_file_or_dag_that_is_not_there(project: Project) -> None:
    assert "Write loud.py." in project.headrace("run", "lod.py").err
    done = project.headrace("run", "loud.py:lout", *GOOD)
    assert done.code == 2
    assert "Write loud." in done.err


def test_a_dag_with_mistakes_is_not_run(project: Project) -> None:
    project.write(
        "bad.py",
        "import headrace as hr\n\n\n@hr.step\ndef one(x: bytes) -> int:\n    return 1\n\n\n@hr.dag\ndef bad(x: bytes) -> int:\n    return one(x)\n",
    )
    done = project.headrace("run", "bad.py", "--input", "x=1")
    assert done.code == 2
    assert "[port-bytes]" in done.err
    assert untouched(project)


def test_an_input_that_a_step_refuses_names_the_port(project: Project) -> None:
    done = run(project, "--input", "text=", "--input", "video=@talk.mp4")
    assert (done.code, done.out) == (2, "")
    assert "(words.text)" in done.err
    assert "[input]: " in done.err
    assert "there is nothing to read" in done.err
    assert "Report  " in done.err


def test_a_step_that_raises_shows_its_own_frames(project: Project) -> None:
    done = run(project, "--input", "text=one boom", "--input", "video=@talk.mp4")
    assert (done.code, done.out) == (1, "")
    assert "ValueError: a word that cannot be shouted" in done.err
    assert "loud.py:21 (shout, item 1) [step]: " in done.err
    assert "shout was given word = item 1 of words.result" in done.err
    assert 'raise ValueError("a word that cannot be shouted")' in done.err
    assert "loud.py" in done.err
    frames = [line for line in done.err.splitlines() if line.lstrip().startswith("File ")]
    assert frames
    assert all("loud.py" in line for line in frames), "only the user's frames"


def test_a_failed_run_as_json(project: Project) -> None:
    done = run(project, "--input", "text=boom", "--input", "video=@talk.mp4", "--json")
    assert done.code == 1
    assert done.json["status"] == "failed"
    assert done.json["given"] == "word = item 0 of words.result"
    assert (done.json["failure"]["node"], done.json["failure"]["kind"]) == ("shout", "step")
    assert (done.json["outputs"], done.json["results"]) == ([], "")
    assert Path(done.json["report"]).is_file()


def test_a_step_that_cannot_be_set_up_is_named(project: Project) -> None:
    project.write(
        "setup.py",
        "import headrace as hr\n\n\nclass Careful(hr.Stateful):\n    def setup(self) -> None:\n        raise RuntimeError('no weights here')\n\n"
        "    def __call__(self, text: hr.Text) -> hr.Text:\n        return text\n\n\n@hr.dag\ndef careful(text: hr.Text) -> hr.Text:\n    return Careful()(text)\n",
    )
    done = project.headrace("run", "setup.py", "--input", "text=a", "--runtime", "inprocess")
    assert done.code == 1
    assert "careful" in done.err
    assert "no weights here" in done.err
    assert "[load]" in done.err
    assert "careful failed after" in project.headrace("logs").out


def test_a_state_folder_that_cannot_be_written(project: Project) -> None:
    project.write("taken", "a file where a folder should be")
    done = run(project, *GOOD, HEADRACE_STATE="taken")
    assert done.code == 3
    assert "[disk-refused]" in done.err
    assert "HEADRACE_STATE" in done.err


def test_a_wrong_setting_is_told_before_anything(project: Project) -> None:
    done = project.headrace("run", "loud.py", *GOOD, HEADRACE_RUNTIME="fast")
    assert done.code == 2
    assert "[setting-value]" in done.err
    assert untouched(project)


def test_the_table_tells_of_a_task_not_of_sums() -> None:
    times = SegmentTimes(
        segment="transcribe", nodes=("transcribe",), tasks=4, calls=4, cached=0, retries=0,
        wall_s=9.0, queue_s=48.0, fetch_s=0.4, compute_s=20.0, publish_s=0.0,
    )  # fmt: skip
    empty = times.model_copy(update={"segment": "ocr", "tasks": 0})
    summary = Summary(
        run="r", dag="d", status="succeeded", runtime="triton", notice="", took_s=12.0, results="", outputs=(),
        timings=(times, empty), report="",
    )  # fmt: skip
    rows = [line.split() for line in "\n".join(lines(summary, Ink(on=False))).splitlines()]
    assert [
        "transcribe",
        "transcribe",
        "4",
        "9.00",
        "s",
        "(75%)",
        "12.00",
        "s",
        "100",
        "ms",
        "5.00",
        "s",
        "0.0",
        "ms",
    ] in rows
    assert ["ocr", "transcribe", "0", *"-----"] in rows
