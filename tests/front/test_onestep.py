"""``headrace run --step``: one node on what an earlier run recorded, also where the run recorded nothing of its inputs."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from tests.front.conftest import Project, Ran
from tests.front.recorded import png

STEPS = """\
from collections.abc import Iterator
from typing import NamedTuple

import headrace as hr
import numpy as np
from pydantic import BaseModel


class Size(BaseModel):
    width: int
    height: int


class Made(NamedTuple):
    smaller: hr.Many[hr.Image]
    sizes: hr.Many[Size]
    most: int


@hr.step
def pixels(picture: hr.ImageFile) -> hr.Image:
    from PIL import Image

    with picture.open() as file, Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


@hr.step(max_items=8)
def rows(image: hr.Image, count: int = 3) -> Iterator[hr.Image]:
    for part in np.array_split(image, count):
        yield np.ascontiguousarray(part)


@hr.step
def half(image: hr.Image) -> hr.Image:
    return np.ascontiguousarray(image[::2, ::2])


@hr.batched(size=2)
def measure(images: hr.Batch[hr.Image]) -> hr.Batch[Size]:
    return [Size(width=image.shape[1], height=image.shape[0]) for image in images]


@hr.step
def largest(sizes: hr.Many[Size], picture: hr.ImageFile) -> int:
    return max(size.width * size.height for size in sizes) + 1000 * picture.size


@hr.dag
def made(picture: hr.ImageFile) -> Made:
    smaller = half.map(rows(pixels(picture)))
    sizes = measure.map(smaller)
    return Made(smaller, sizes, largest(sizes, picture))
"""
GOOD = ("--input", "text=one two three", "--input", "video=@talk.mp4", "--runtime", "inprocess")
BOOM = ("--input", "text=one boom three", "--input", "video=@talk.mp4", "--runtime", "inprocess")


def run(project: Project, *arguments: str, file: str = "loud.py") -> str:
    """Run a dag; the run's id."""
    done = project.headrace("run", file, *arguments, "--json")
    return str(done.json["run"])


def step(project: Project, name: str, *arguments: str, file: str = "loud.py") -> Ran:
    return project.headrace("run", file, "--step", name, *arguments)


@pytest.fixture
def pictures(project: Project) -> Project:
    project.write("made.py", STEPS)
    pixels = np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3)
    png(project.folder / "a.png", pixels)
    return project


def cut(source: str) -> str:
    """Every node in a segment of its own, so that all values are recorded."""
    for name in ("half", "rows", "pixels", "largest"):
        source = source.replace(f"{name}(", f"{name}.with_(isolate=True)(").replace(
            f"def {name}.with_(isolate=True)(", f"def {name}("
        )
        source = source.replace(f"{name}.map(", f"{name}.with_(isolate=True).map(")
    return source


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
@pytest.mark.parametrize("source", [STEPS, cut(STEPS)], ids=["fused", "cut"])
def test_every_node_gives_what_the_run_gave(runtime: str, source: str, pictures: Project) -> None:
    pictures.write("made.py", source)
    whole = pictures.headrace("run", "made.py", "-i", "picture=@a.png", "--runtime", runtime, "--json").json
    outputs = {each["name"]: each for each in whole["outputs"]}
    for node, name in (("half", "smaller"), ("measure", "sizes"), ("largest", "most")):
        done = step(pictures, node, "--json", file="made.py").json
        (output,) = done["outputs"]
        assert (done["status"], done["run"], done["item"]) == ("succeeded", whole["run"], -1)
        assert output["value"] == outputs[name]["value"]
        assert output["media_types"] == outputs[name]["media_types"]
        assert [Path(path).read_bytes() for path in output["paths"]] == [
            Path(path).read_bytes() for path in outputs[name]["paths"]
        ]


def test_what_crossed_the_log_is_taken_from_the_record(pictures: Project) -> None:
    pictures.write("made.py", cut(STEPS))
    run(pictures, "-i", "picture=@a.png", "--runtime", "inprocess", file="made.py")
    pictures.write("made.py", cut(STEPS).replace("np.array_split(image, count)", "1 / 0"))
    assert step(pictures, "half", "--json", file="made.py").json["before"] == []
    done = step(pictures, "rows", file="made.py")
    assert (done.code, done.out) == (1, "")
    assert "(rows) [step]: ZeroDivisionError" in done.err


def test_one_item_needs_only_that_item_of_the_nodes_before(project: Project) -> None:
    run(project, *BOOM)
    done = step(project, "keep", "--item", "2")
    assert done.code == 0, done.err
    assert "on item 2 of what run" in done.out
    assert "Running words, shout before keep: inside a segment nothing is recorded." in done.err
    assert "(shout, item 1) [step]" in step(project, "keep", "--item", "1").err
    assert "(shout, item 1) [step]" in step(project, "count").err


def test_a_failure_is_told_and_put_right_without_a_run(project: Project) -> None:
    run(project, *BOOM)
    done = step(project, "shout")
    assert (done.code, done.out) == (1, "")
    assert "loud.py:21 (shout, item 1) [step]: ValueError: a word that cannot be shouted" in done.err
    assert "shout was given word = item 1 of words.result" in done.err
    assert next(line for line in done.err.splitlines() if line.lstrip().startswith("File ")).count("loud.py") == 1
    assert "shout, item 1) [step]" in step(project, "shout", "--item", "1").err
    assert step(project, "shout", "--item", "2", "--json").json["outputs"][0]["value"] == ["THREE"]
    source = (project.folder / "loud.py").read_text(encoding="utf-8")
    project.write("loud.py", source.replace('word == "boom"', 'word == "bang"'))
    done = step(project, "shout", "--json")
    assert (done.code, done.json["outputs"][0]["value"]) == (0, ["ONE", "BOOM", "THREE"])


def test_results_are_saved_beside_those_of_runs(project: Project) -> None:
    earlier = run(project, *GOOD)
    done = step(project, "shout", "--from", earlier[:6], "--item", "0")
    assert "shout succeeded in " in done.out
    assert f"Results  out/{earlier}.shout" in done.out
    assert "result  Many[Text]  result/ (1 item)" in done.out
    assert (project.folder / "out" / f"{earlier}.shout" / "result" / "0000.txt").read_text() == "ONE"
    step(project, "shout", "--out", "there")
    assert len(list((project.folder / "there" / "result").iterdir())) == 3
    assert len(list((project.folder / ".headrace" / "runs").iterdir())) == 1, "nothing of it is recorded"


def test_an_input_that_is_refused_is_bad_input(project: Project) -> None:
    run(project, "--input", "text=", "--input", "video=@talk.mp4", "--runtime", "inprocess")
    done = step(project, "words", "--json")
    assert done.code == 2
    assert (done.json["failure"]["kind"], done.json["given"]) == ("input", "text = the input text")


def test_a_step_that_cannot_be_set_up(project: Project) -> None:
    source = (
        "import headrace as hr\n\n\nclass Careful(hr.Stateful):\n    def setup(self) -> None:\n        PASS\n\n"
        "    def __call__(self, text: hr.Text) -> hr.Text:\n        return text\n\n\n"
        "@hr.dag\ndef careful(text: hr.Text) -> hr.Text:\n    return Careful()(text)\n"
    )
    project.write("setup.py", source.replace("PASS", "pass"))
    run(project, "--input", "text=a", "--runtime", "inprocess", file="setup.py")
    project.write("setup.py", source.replace("PASS", "raise RuntimeError('no weights')"))
    done = step(project, "careful", file="setup.py")
    assert done.code == 1
    assert "careful failed in this process" in done.err
    assert "[load]: RuntimeError: no weights" in done.err


def refused(done: Ran, code: str) -> str:
    """The only problem."""
    assert (done.code, done.out) == (2, "")
    (problem,) = json.loads(done.err)["problems"]
    assert problem["code"] == code
    return str(problem["text"])


def test_names_that_are_none(project: Project) -> None:
    earlier = run(project, *GOOD)
    assert "Write --step shout" in refused(step(project, "shuot", "--json"), "no-node")
    assert earlier in refused(step(project, "shout", "--from", "ffff", "--json"), "no-run")
    assert "from 0 to 2" in refused(step(project, "shout", "--item", "3", "--json"), "no-item")
    assert "from 0 to 2" in refused(step(project, "shout", "--item", "-1", "--json"), "no-item")
    assert "Leave --item out" in refused(step(project, "count", "--item", "0", "--json"), "no-item")


def test_a_run_of_another_dag(pictures: Project) -> None:
    refused(step(pictures, "shout", "--json"), "no-run")
    mine = run(pictures, *GOOD)
    other = run(pictures, "-i", "picture=@a.png", "--runtime", "inprocess", file="made.py")
    assert step(pictures, "shout", "--json").json["run"] == mine, "the newest of the dag"
    text = refused(step(pictures, "shout", "--from", other, "--json"), "other-dag")
    assert "is a run of loud:loud, got one of made:made" in text


def test_what_a_run_did_not_come_to(pictures: Project) -> None:
    pictures.write("made.py", cut(STEPS).replace("image[::2, ::2]", "image[::2, ::0]"))
    run(pictures, "-i", "picture=@a.png", "--runtime", "inprocess", file="made.py")
    text = refused(step(pictures, "measure", "--json", file="made.py"), "not-recorded")
    assert text.startswith("half.result [not-recorded]: was recorded in run ")
    assert text.endswith("Write --step half to see why, or name a run that came further.")
    assert step(pictures, "half", file="made.py").code == 1


def test_what_the_dag_declares_otherwise_by_now(pictures: Project) -> None:
    pictures.write("made.py", cut(STEPS))
    run(pictures, "-i", "picture=@a.png", "--runtime", "inprocess", file="made.py")
    pictures.write("made.py", cut(STEPS).replace("    height: int\n", "    height: int\n    depth: int\n"))
    text = refused(step(pictures, "largest", "--json", file="made.py"), "record-changed")
    assert "depth" in text
    gone = STEPS.replace("rows(pixels(picture))", "rows(flip(pixels(picture)))").replace(
        "@hr.step\ndef half",
        "@hr.step\ndef flip(image: hr.Image) -> hr.Image:\n    return image[::-1]\n\n\n@hr.step\ndef half",
    )
    pictures.write("made.py", cut(gone))
    assert "Run the dag again" in refused(step(pictures, "rows", "--json", file="made.py"), "not-recorded")


def test_objects_that_were_removed(project: Project) -> None:
    run(project, *GOOD)
    shutil.rmtree(project.folder / ".headrace" / "objects")
    assert "got objects that were removed" in refused(step(project, "keep", "--json"), "not-recorded")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--item", "0"), "--item goes with --step NODE"),
        (("--from", "3f2a"), "--from goes with --step NODE"),
        (("--pdb",), "--pdb goes with --step NODE"),
        (("--step", "shout", "--input", "text=a"), "--step does not go with --input"),
        (("--step", "shout", "--runtime", "triton"), "--step does not go with --runtime"),
        (("--step", "shout", "--keep"), "--step does not go with --keep"),
        (("--step", "shout", "--pdb"), "--pdb needs a terminal"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], said: str, project: Project) -> None:
    done = project.headrace("run", "loud.py", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_the_debugger_opens_where_the_step_failed(project: Project) -> None:
    run(project, *BOOM)
    command = project.command("run", "loud.py", "--step", "shout", "--pdb")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        os.execve(command[0], command, project.environment(TERM="dumb"))
    seen = _until(terminal, b"(Pdb) ")
    assert b"ValueError: a word that cannot be shouted" in seen
    assert b'raise ValueError("a word that cannot be shouted")' in seen
    os.write(terminal, b"p word * 2\n")
    assert b"'boomboom'" in _until(terminal, b"(Pdb) ")
    os.write(terminal, b"q\n")
    assert b"(shout, item 1) [step]" in _until(terminal, b"ValueError: a word that cannot be shouted\r\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def _until(terminal: int, text: bytes) -> bytes:
    """Read a terminal until ``text`` is there."""
    seen, deadline = b"", time.monotonic() + 60
    while text not in seen:
        assert time.monotonic() < deadline, seen.decode(errors="replace")
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError as error:
                raise AssertionError(seen.decode(errors="replace")) from error
    return seen
