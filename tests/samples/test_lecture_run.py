"""The lecture sample through `headrace run` and a real Triton server gives what its steps give by themselves."""

import json
import re
import subprocess
import sys
from pathlib import Path

import lecture
import numpy as np
import pytest
from conftest import SAMPLE
from embedding import SentenceEncoder
from films import RATE_HZ, film
from search import search
from story import Timeline


def headrace_run(video: Path, out: Path) -> subprocess.CompletedProcess[str]:
    dag = f"{SAMPLE / 'lecture.py'}:lecture"
    command = [sys.executable, "-m", "headrace", "run", dag, "--runtime", "triton", "--input", f"video=@{video}"]
    return subprocess.run([*command, "--out", str(out), "--json"], cwd=out, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results")
    done = headrace_run(SAMPLE / "media" / "lecture.mp4", out)
    assert done.returncode == 0, done.stderr
    return out


def test_triton_gives_the_timeline_that_the_steps_give(results: Path, story: Timeline) -> None:
    assert Timeline.model_validate_json((results / "timeline.json").read_text()) == story


def test_triton_gives_the_vectors_that_the_encoder_gives(results: Path, story: Timeline) -> None:
    wanted = SentenceEncoder().encode(lecture.passages(story))
    assert np.load(results / "vectors.npy") == pytest.approx(wanted, abs=1e-5)


def test_what_triton_gives_can_be_searched(results: Path) -> None:
    assert search("how does water reach the wheel", results).entry.slide[0] == "The headrace channel"


def test_a_truncated_video_is_bad_input(tmp_path: Path) -> None:
    whole = (SAMPLE / "media" / "lecture.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    done = headrace_run(tmp_path / "cut.mp4", tmp_path)
    assert done.returncode == 2, done.stderr
    failure = json.loads(done.stdout)["failure"]
    assert (failure["kind"], failure["port"]) == ("input", "video")
    assert failure["node"] in {"find_slides", "soundtrack"}  # whichever gets there first
    assert re.search(r"^the video (cannot be decoded: |is cut off: )", failure["message"])


def test_a_silent_video_gives_an_empty_transcript(tmp_path: Path) -> None:
    white, black = np.full((180, 320, 3), 255, np.uint8), np.zeros((180, 320, 3), np.uint8)
    silent = film(tmp_path / "silent.mp4", [white, black], np.zeros(4 * RATE_HZ, np.int16))
    done = headrace_run(silent, tmp_path)
    assert done.returncode == 0, done.stderr
    story = Timeline.model_validate_json((tmp_path / "timeline.json").read_text())
    assert [(entry.at_s, entry.slide, entry.said) for entry in story.entries] == [(0, [], []), (2, [], [])]
    assert np.load(tmp_path / "vectors.npy").shape == (2, 384)
