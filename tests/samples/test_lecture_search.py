"""A run's saved results can be searched."""

import subprocess
import sys
from pathlib import Path

import lecture
import numpy as np
import pytest
from conftest import SAMPLE
from embedding import SentenceEncoder
from search import search
from story import Timeline


@pytest.fixture(scope="module")
def saved(story: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    (folder / "timeline.json").write_text(story.model_dump_json())
    np.save(folder / "vectors.npy", SentenceEncoder().encode(lecture.passages(story)))
    return folder


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("how does water reach the wheel", "The headrace channel"),
        ("what holds the river back", "A dam in the river"),
        ("how does the wheel get faster", "The gate and the wheel"),
        ("baking bread", "Water for the mill"),
    ],
)
def test_search_finds_the_slide(saved: Path, query: str, title: str) -> None:
    hit = search(query, saved)
    assert hit.entry.slide[0] == title
    assert hit.entry.at_s <= hit.at_s <= hit.entry.until_s


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "search.py", *arguments], cwd=SAMPLE, capture_output=True, text=True, check=False
    )


def test_the_script_prints_the_hit(saved: Path) -> None:
    done = ask(str(saved), "how does water reach the wheel")
    assert done.returncode == 0, done.stderr
    hit, slide = done.stdout.splitlines()
    assert hit == "  how does water reach the wheel? At 0:17: the water reaches the wheel through a long channel"
    assert slide.startswith("  (slide: The headrace channel / ")


def test_the_script_says_what_is_wrong(tmp_path: Path) -> None:
    missing, wrong = ask(str(tmp_path), "wheel"), ask()
    assert (missing.returncode, wrong.returncode) == (2, 2)
    assert missing.stderr.startswith("search: no results of a run: ")
    assert "usage: python search.py OUT_DIR" in wrong.stderr
