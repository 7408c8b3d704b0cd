"""The moderation sample on a real Triton server: which attachments are lost, what the report says, and classifiers that fail."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import moderation
import numpy as np
import onnx
import pytest
from conftest import MODERATION
from onnx import helper, numpy_helper
from verdict import Decision, Verdict

import headrace as hr

GARDEN = "look at our lovely garden"


def attached(*names: str) -> list[hr.Blob]:
    return [hr.Blob(MODERATION / "media" / name) for name in names]


@pytest.mark.parametrize(
    "names", [(), ("garden.png",), ("garden.png", "cut.jpg"), ("letter.txt", "poster.jpg", "cut.jpg", "garden.png")]
)
def test_triton_gives_the_verdict_that_the_steps_give(headrace_triton, names: tuple[str, ...]) -> None:
    assert headrace_triton(moderation.moderate, GARDEN, attached(*names)) == moderation.moderate(
        GARDEN, attached(*names)
    )


def test_too_many_that_are_lost_on_triton(headrace_triton) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"2 of 3 items failed.*the first: it is no picture"):
        headrace_triton(moderation.moderate, GARDEN, attached("letter.txt", "cut.jpg", "garden.png"))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(MODERATION, tmp_path / "moderation", ignore=shutil.ignore_patterns(".headrace", "out"))


def headrace_run(folder: Path, runtime: str, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace", "run", "moderation.py:moderate", "--runtime", runtime, "--json"]
    files = [word for name in names for word in ("--input", f"attachments=@media/{name}")]
    asked = ["--input", f"text={GARDEN}", *files, "--out", "out"]
    return subprocess.run([*command, *asked], cwd=folder, capture_output=True, text=True, check=False)


def verdict(folder: Path) -> Verdict:
    return Verdict.model_validate_json((folder / "out" / "result.json").read_text())


def words(page: Path) -> str:
    """What a person reads of a report."""
    shown = re.sub(r"<(style|script|svg).*?</\1>", "", page.read_text(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def test_the_report_shows_what_was_lost(copied: Path) -> None:
    done = headrace_run(copied, "triton", "garden.png", "cut.jpg", "letter.txt", "poster.jpg")
    assert done.returncode == 0, done.stderr
    assert verdict(copied).lost == [1, 2]
    told = words(Path(json.loads(done.stdout)["report"]))
    damaged, foreign = r"the picture is damaged: image file is truncated[^.]*", r"it is no picture"
    assert re.search(rf"What it did without examine, item 1 {damaged} \S+ examine, item 2 {foreign} ", told), told
    assert re.search(rf"examine\.result .* Lost: {damaged} 1 Lost: {foreign} 2 .*poster", told), told


def test_a_run_of_which_too_much_is_lost_says_how_the_first_was(copied: Path) -> None:
    done = headrace_run(copied, "inprocess", "garden.png", "cut.jpg", "letter.txt")
    assert done.returncode == 2, done.stderr
    failure = json.loads(done.stdout)["failure"]
    assert (failure["node"], failure["port"], failure["item"], failure["kind"]) == ("examine", "attachment", 1, "input")
    assert failure["message"].startswith(
        "2 of 3 items failed, min_success=0.5 allows fewer; the first: the picture is damaged: image file is truncated"
    )


def break_spare(folder: Path) -> None:
    file = folder / "models" / "tone.npz"
    file.write_bytes(file.read_bytes()[:1000])


def break_model(folder: Path) -> None:
    """A model that loads, and fails at every call: 512 numbers are no rows of 7."""
    file = folder / "models" / "tone.onnx"
    broken = onnx.load(file)
    broken.graph.node[0].input[0] = "again"
    sizes = {"sevens": [-1, 7], "whole": [-1, 512]}
    for at, (given, size, made) in enumerate([("counts", "sevens", "rows"), ("rows", "whole", "again")]):
        broken.graph.node.insert(at, helper.make_node("Reshape", [given, size], [made]))
        broken.graph.initializer.append(numpy_helper.from_array(np.asarray(sizes[size], np.int64), size))
    onnx.save(broken, file)


@pytest.mark.parametrize(
    ("broken", "runtime"), [(break_spare, "inprocess"), (break_spare, "triton"), (break_model, "inprocess")]
)
def test_a_classifier_that_fails_costs_nothing(copied: Path, broken, runtime: str) -> None:
    broken(copied)
    done = headrace_run(copied, runtime, "garden.png")
    assert done.returncode == 0, done.stderr
    assert verdict(copied) == moderation.moderate(GARDEN, attached("garden.png"))
    assert verdict(copied).decision == Decision.PUBLISH


def test_two_classifiers_that_fail_fail_the_run(copied: Path) -> None:
    break_spare(copied)
    break_model(copied)
    done = headrace_run(copied, "inprocess", "garden.png")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["failure"]["node"] in {"judge", "judge_spare"}
