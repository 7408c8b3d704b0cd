"""Makes the samples' folders importable, as they are when they run, and offers the lecture's stages one by one."""

import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
SAMPLE, SEARCH, MODERATION = SAMPLES / "lecture", SAMPLES / "search", SAMPLES / "moderation"
DOCUMENTS = SAMPLES / "documents"
sys.path[:0] = [str(SAMPLE), str(SEARCH), str(MODERATION), str(DOCUMENTS)]

import lecture  # noqa: E402
import make_media  # noqa: E402
from story import Timeline  # noqa: E402

import headrace as hr  # noqa: E402


@pytest.fixture(scope="session")
def script() -> make_media.Script:
    return make_media.read_script()


@pytest.fixture(scope="session")
def video() -> hr.Video:
    return hr.Video(SAMPLE / "media" / "lecture.mp4")


@pytest.fixture(scope="session")
def slides(video: hr.Video) -> lecture.Slides:
    return lecture.find_slides(video)


@pytest.fixture(scope="session")
def texts(slides: lecture.Slides) -> list[str]:
    return lecture.ReadSlide().map(slides.frames)


@pytest.fixture(scope="session")
def speech(video: hr.Video) -> lecture.Speech:
    return lecture.FindSpeech()(lecture.soundtrack(video))


@pytest.fixture(scope="session")
def words(speech: lecture.Speech) -> list[str]:
    return lecture.Transcribe().map(speech.sounds)


@pytest.fixture(scope="session")
def story(slides: lecture.Slides, texts: list[str], speech: lecture.Speech, words: list[str]) -> Timeline:
    return lecture.timeline(slides.shown, texts, speech.spoken, words)
