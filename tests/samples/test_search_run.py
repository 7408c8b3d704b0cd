"""The search sample on a real Triton server: the right picture is first, also where an index is broken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import gallery
import pytest
from conftest import SEARCH

import headrace as hr

BEST = (SEARCH / "media" / "circle-square.png").read_bytes()
WORDS = "blue circle and purple square"


def query() -> hr.ImageFile:
    return hr.ImageFile(SEARCH / "media" / "query.jpg")


def test_words_and_a_picture_on_triton(headrace_triton) -> None:
    best, found = headrace_triton(gallery.find, WORDS, query())
    assert best.read() == BEST
    assert found.hits[0].caption == "a blue circle beside a purple square on black"
    assert len(found.answered) == 2
    assert set(found.answered) < {"colours", "edges", "captions"}


def test_words_alone_on_triton(headrace_triton) -> None:
    best, found = headrace_triton(gallery.find, "purple square, blue circle, black")
    assert (best.read(), found.answered) == (BEST, ["colours", "captions"])
    assert found == gallery.find("purple square, blue circle, black").found


def test_a_picture_alone_on_triton(headrace_triton) -> None:
    best, found = headrace_triton(gallery.find, picture=query())
    assert (best.read(), found.answered) == (BEST, ["colours", "edges"])
    assert found == gallery.find(picture=query()).found


def test_too_few_answers_on_triton(headrace_triton) -> None:
    with pytest.raises(pytest.fail.Exception, match="the query names no colour"):
        headrace_triton(gallery.find, "square")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(SEARCH, tmp_path / "search", ignore=shutil.ignore_patterns(".headrace", "out"))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def headrace_run(folder: Path, runtime: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace", "run", "gallery.py:find", "--runtime", runtime, "--json"]
    asked = ["--input", f"text={WORDS}", "--input", "picture=@media/query.jpg", "--out", "out"]
    return subprocess.run([*command, *asked], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
@pytest.mark.parametrize(
    ("broken", "others"),
    [("edges", ["colours", "captions"]), ("captions", ["colours", "edges"]), ("colours", ["edges", "captions"])],
)
def test_an_index_that_fails_costs_no_answer(copied: Path, broken: str, others: list[str], runtime: str) -> None:
    cut_short(copied / "index" / f"{broken}.npz")
    done = headrace_run(copied, runtime)
    assert done.returncode == 0, done.stderr
    found = json.loads((copied / "out" / "found.json").read_text())
    assert (found["answered"], found["hits"][0]["name"]) == (others, "circle-square")
    assert (copied / "out" / "best.png").read_bytes() == BEST


def test_two_indexes_that_fail_fail_the_run(copied: Path) -> None:
    for broken in ("edges", "captions"):
        cut_short(copied / "index" / f"{broken}.npz")
    done = headrace_run(copied, "inprocess")
    assert done.returncode == 1, done.stderr
    failure = json.loads(done.stdout)["failure"]
    assert failure["node"] in {"by_edges", "by_caption"}
    assert failure["message"].startswith("BadZipFile: ")
