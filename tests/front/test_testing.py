"""The fixtures for users' tests: played as a user has them, in a pytest of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.front.conftest import Project
from tests.front.test_import_cost import HEAVY, ROOMS, loaded_by, tops

import headrace as hr
from headrace.output.encode import png, wav
from headrace.testing import assert_image, assert_tone

STEPS = """\
import os
from typing import NamedTuple

import headrace as hr
import numpy as np
from pydantic import BaseModel


class Count(BaseModel):
    words: int


class Said(NamedTuple):
    count: Count
    loud: hr.Many[hr.Text]


@hr.step(max_items=8)
def split(text: hr.Text) -> hr.Many[hr.Text]:
    if not text:
        raise hr.InputError("the text is empty")
    return text.split()


@hr.step
def shout(word: hr.Text, mark: str = "!") -> hr.Text:
    return word.upper() + mark


@hr.step
def count(words: hr.Many[hr.Text]) -> Count:
    return Count(words=len(words))


@hr.step
def where(text: hr.Text) -> int:
    return os.getppid()


@hr.step
def grey(image: hr.Image) -> hr.Image:
    return np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)


@hr.step
def size(video: hr.Video) -> int:
    return video.size


@hr.dag
def said(text: hr.Text) -> Said:
    words = split(text)
    return Said(count(words), shout.map(words, "?"))


@hr.dag
def parent(text: hr.Text) -> int:
    return where(text)


@hr.dag
def greyed(image: hr.Image) -> hr.Image:
    return grey(image)


@hr.dag
def weighed(video: hr.Video) -> int:
    return size(video)


@hr.dag
def wrong(text: hr.Text, unused: hr.Text) -> int:
    return size(text)
"""


@dataclass(frozen=True)
class Played:
    """A finished pytest."""

    code: int
    text: str

    def failures(self) -> str:
        return "\n".join(line for line in self.text.splitlines() if line.startswith("E  "))


def play(project: Project, tests: str, *arguments: str) -> Played:
    project.write("steps.py", STEPS)
    project.write("test_steps.py", f"import headrace as hr\nimport numpy as np\nimport pytest\nimport steps\n\n{tests}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment(), capture_output=True, text=True, check=False, timeout=120
    )
    return Played(done.returncode, done.stdout + done.stderr)


def test_the_plugin_loads_nothing_before_a_fixture_is_used() -> None:
    modules = loaded_by("import pytest; before = set(sys.modules)\nimport headrace.testing.plugin")
    assert not tops(modules) & (HEAVY | ROOMS | {"pydantic", "headrace_dags"})
    assert {name for name in modules if name.startswith("headrace")} == {
        "headrace",
        "headrace.testing",
        "headrace.testing.media",
        "headrace.testing.plugin",
    }


def test_pytest_finds_the_fixtures_and_says_what_they_do(project: Project) -> None:
    done = play(project, "def test() -> None: pass", "--fixtures", "-v")
    for name in ("headrace_graph", "headrace_run", "headrace_triton"):
        assert re.search(rf"^{name} \[session scope\].*\n    ``{name}\(dag", done.text, re.MULTILINE), done.text


def test_a_dag_runs_in_process_and_gives_what_it_returns(project: Project) -> None:
    done = play(
        project,
        """\
def test_names(headrace_run):
    result = headrace_run(steps.said, text="one two")
    assert type(result) is steps.Said
    assert result.count == steps.Count(words=2)
    assert result.loud == ["ONE?", "TWO?"]

def test_positions_and_arrays(headrace_run):
    image = np.zeros((4, 5, 3), np.uint8)
    image[..., 0] = 90
    grey = headrace_run(steps.greyed, image)
    assert grey.shape == (4, 5, 3) and (grey == 30).all()

def test_media(headrace_run, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\\0" * 700)
    assert headrace_run(steps.weighed, video=hr.Video(tmp_path / "a.mp4")) == 700

def test_what_steps_call_can_be_patched(headrace_run, monkeypatch):
    monkeypatch.setattr(steps.os, "getppid", lambda: 7)
    assert headrace_run(steps.parent, "a") == 7

def test_inside_a_loop(headrace_run):
    import asyncio
    async def ask():
        return headrace_run(steps.said, "a b c").count.words
    assert asyncio.run(ask()) == 3
""",
    )
    assert done.code == 0, done.text
    assert "5 passed" in done.text


def test_what_goes_wrong_fails_with_the_problem_as_text(project: Project) -> None:
    done = play(
        project,
        """\
def test_step(headrace_run):
    headrace_run(steps.said, text="")

def test_input(headrace_run):
    headrace_run(steps.said, text=7)

def test_declared(headrace_graph):
    headrace_graph(steps.wrong)

def test_expected(headrace_run):
    with pytest.raises(pytest.fail.Exception, match="the text is empty"):
        headrace_run(steps.said, "")

def test_graph(headrace_graph):
    assert [node.name for node in headrace_graph(steps.said).nodes] == ["split", "count", "shout"]
""",
    )
    assert done.code == 1
    assert "3 failed, 2 passed" in done.text
    said = done.failures()
    assert re.search(r"steps\.py:\d+ \(split\.text\) \[input\]: the text is empty", said)
    assert "said.text [input-value]: expects " in said, said
    assert "(wrong.unused) [unused-input]" in said
    assert "(size.video) [port-type]" in said
    assert "testing/runs.py" not in done.text, "the traceback ends at the test's own line"


def test_one_server_serves_all_tests_of_a_dag(project: Project) -> None:
    """Stubs are children of the server, so a step can say which server it ran on."""
    done = play(
        project,
        """\
seen = []

def test_first(headrace_triton):
    seen.append(headrace_triton(steps.parent, "a"))

def test_second(headrace_triton):
    seen.append(headrace_triton(steps.parent, text="b"))
    assert seen[0] == seen[1]

def test_another_dag(headrace_triton):
    assert headrace_triton(steps.said, "one two").loud == ["ONE?", "TWO?"]

def test_a_step_that_fails(headrace_triton):
    with pytest.raises(pytest.fail.Exception, match=r"\\(split.text\\) \\[input\\]: the text is empty"):
        headrace_triton(steps.said, "")

def test_media_and_arrays(headrace_triton):
    import os
    assert seen[0] != os.getpid()
    assert (headrace_triton(steps.greyed, np.full((4, 5, 3), 9, np.uint8)) == 9).all()
""",
    )
    assert done.code == 0, done.text
    assert "5 passed" in done.text


def test_images_are_told_by_size_and_colour(tmp_path: Path) -> None:
    pixels = np.full((4, 6, 3), (200, 100, 50), np.uint8)
    assert_image(pixels, size=(6, 4), colour=(200, 100, 50))
    (tmp_path / "a.png").write_bytes(png(pixels))
    assert_image(hr.Png(tmp_path / "a.png"), size=(6, 4), colour=(200, 100, 50), tolerance=0)
    with pytest.raises(AssertionError, match="expects an image of 4 x 6 pixels, got 6 x 4"):
        assert_image(pixels, size=(4, 6))
    with pytest.raises(AssertionError, match=r"\(200, 100, 90\) within 8, got \(200, 100, 50\)"):
        assert_image(pixels, colour=(200, 100, 90))


def test_tones_are_told_by_their_frequency(tmp_path: Path) -> None:
    tone = (0.5 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 16000)).astype(np.float32)
    assert_tone(tone, 440)
    (tmp_path / "a.wav").write_bytes(wav(tone, 16000))
    assert_tone(hr.Wav(tmp_path / "a.wav"), 440, rate=1)
    with pytest.raises(AssertionError, match="expects a tone of 880 Hz, got 440 Hz"):
        assert_tone(tone, 880)
    for silence in (np.zeros(100, np.float32), np.zeros(0, np.float32)):
        with pytest.raises(AssertionError, match="got silence"):
            assert_tone(silence, 440)
