"""What the lecture sample does with videos that are silent, without sound, without a picture, damaged or cut off."""

import io
from pathlib import Path

import lecture
import media
import numpy as np
import pytest
from conftest import SAMPLE
from films import RATE_HZ, film

import headrace as hr

WHITE = np.full((180, 320, 3), 255, np.uint8)
BLACK = np.zeros((180, 320, 3), np.uint8)
SILENCE = np.zeros(4 * RATE_HZ, np.int16)


def transcript(video: hr.Video) -> list[str]:
    return lecture.Transcribe().map(lecture.FindSpeech()(lecture.soundtrack(video)).sounds)


def test_a_silent_lecture_has_an_empty_transcript(tmp_path: Path) -> None:
    silent = hr.Video(film(tmp_path / "silent.mp4", [WHITE, BLACK], SILENCE))
    assert len(lecture.soundtrack(silent)) == pytest.approx(len(SILENCE), abs=1024)
    assert transcript(silent) == []
    found = lecture.lecture(silent)
    assert [(entry.at_s, entry.slide, entry.said) for entry in found.timeline.entries] == [(0, [], []), (2, [], [])]
    assert found.vectors.shape == (2, 384)


def test_noise_is_not_speech() -> None:
    noise = np.random.default_rng(7).normal(0, 0.05, 4 * RATE_HZ).astype(np.float32)
    assert lecture.FindSpeech()(noise).sounds == []


def test_a_video_without_a_sound_track_has_an_empty_transcript(tmp_path: Path) -> None:
    mute = hr.Video(film(tmp_path / "mute.mp4", [WHITE], None))
    assert lecture.soundtrack(mute).shape == (0,)
    assert transcript(mute) == []


def test_sound_comes_as_16_khz_mono(video: hr.Video) -> None:
    sound = lecture.soundtrack(video)
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert 0.1 < np.abs(sound).max() <= 1
    assert len(sound) / RATE_HZ == pytest.approx(38.8, abs=0.1)


def test_a_gap_in_the_sound_track_is_silence(tmp_path: Path) -> None:
    tone = (8000 * np.sin(np.arange(4 * RATE_HZ) / 5)).astype(np.int16)
    sound = lecture.soundtrack(hr.Video(film(tmp_path / "gap.mkv", [WHITE], tone, gap_s=3)))
    loud = [float(np.abs(second).max()) > 0.1 for second in sound[: 7 * RATE_HZ].reshape(7, RATE_HZ)[:, 4000:-4000]]
    assert loud == [True, True, False, False, False, True, True]


def test_the_same_picture_is_one_slide_and_a_change_at_the_very_end_is_seen(tmp_path: Path) -> None:
    video = hr.Video(film(tmp_path / "steps.mp4", [WHITE, WHITE, BLACK], None, each_s=1))
    slides = lecture.find_slides(video, every=10.0)
    assert [(span.at_s, span.until_s) for span in slides.shown.spans] == [(0, 2.8), (2.8, 3)]
    assert [int(frame.mean()) > 127 for frame in slides.frames] == [True, False]


def test_a_video_without_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(hr.InputError, match="has no picture"):
        lecture.find_slides(hr.Video(film(tmp_path / "sound.mp4", [], SILENCE)))


@pytest.mark.parametrize("kept", [0.03, 0.1, 0.5, 0.9])
def test_a_truncated_video_is_refused(kept: float) -> None:
    whole = (SAMPLE / "media" / "lecture.mp4").read_bytes()
    cut = hr.Video(whole[: int(len(whole) * kept)])
    with pytest.raises(hr.InputError, match=r"cannot be decoded|is cut off"):
        lecture.find_slides(cut)


def test_a_truncated_sound_track_is_refused() -> None:
    whole = (SAMPLE / "media" / "lecture.mp4").read_bytes()
    with pytest.raises(hr.InputError, match=r"cannot be decoded|is cut off"):
        lecture.soundtrack(hr.Video(whole[: len(whole) // 2]))


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_other_containers_are_read_whole_and_refused_in_part(tmp_path: Path, container: str) -> None:
    pictures = [np.random.default_rng(n).integers(0, 255, (180, 320, 3), np.uint8) for n in range(3)]
    whole = film(tmp_path / f"whole.{container}", pictures, None).read_bytes()
    assert len(lecture.find_slides(hr.Video(whole)).frames) == 3
    with pytest.raises(hr.InputError, match=r"cannot be decoded|is cut off"):
        lecture.find_slides(hr.Video(whole[: len(whole) // 2]))


def test_what_is_not_a_video_is_refused() -> None:
    for step in (lecture.find_slides, lecture.soundtrack):
        with pytest.raises(hr.InputError, match="cannot be decoded"):
            step(hr.Video(b"this is no video at all" * 100))


def test_a_damaged_video_is_refused() -> None:
    damaged = bytearray((SAMPLE / "media" / "lecture.mp4").read_bytes())
    damaged[20_000:] = np.random.default_rng(1).bytes(len(damaged) - 20_000)
    with pytest.raises(hr.InputError, match=r"cannot be decoded|is cut off"):
        lecture.find_slides(hr.Video(bytes(damaged)))


def test_a_video_is_read_as_a_stream() -> None:
    file = io.BytesIO((SAMPLE / "media" / "lecture.mp4").read_bytes())
    shots = media.shots(file, every_s=0.4)
    next(shots)
    assert file.tell() < 0.7 * len(file.getvalue())  # the first slide is there long before the last byte
