"""Generated pages are what they would be if they were written now: `make docs` writes them."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["PAGES"]
PICTURES = {
    "lecture.svg": "lecture/lecture.py:lecture",
    "audio.svg": "audio/calls.py:call",
    "search.svg": "search/gallery.py:find",
    "moderation.svg": "moderation/moderation.py:moderate",
    "documents.svg": "documents/documents.py:documents",
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text() == PAGES[name](), f"{name} is out of date: run make docs"


@pytest.mark.parametrize(("name", "dag"), PICTURES.items())
def test_the_picture_of_a_sample_is_up_to_date(name: str, dag: str, tmp_path: Path) -> None:
    drawn = tmp_path / name
    command = [sys.executable, "-m", "headrace", "graph", str(ROOT / "samples" / dag), "--segments", "-o", str(drawn)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    assert drawn.read_text() == (ROOT / "docs" / "images" / name).read_text(), "run make docs"
