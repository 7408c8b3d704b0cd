"""The audio sample captions a call while it is heard: every number as it was dialled, when it was dialled, and nothing else."""

import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

AUDIO = Path(__file__).parents[2] / "samples" / "audio"
sys.path.append(str(AUDIO))

import activity  # noqa: E402
import calls  # noqa: E402
import make_call  # noqa: E402
import tones  # noqa: E402

import headrace as hr  # noqa: E402
from headrace_events.engine.events import Item, Result  # noqa: E402
from headrace_events.engine.readback import RunRecord  # noqa: E402


@pytest.fixture
def recording(tmp_path: Path) -> hr.Wav:
    make_call.write(tmp_path / "call.wav", make_call.made()[0])
    return hr.Wav(tmp_path / "call.wav")


@pytest.mark.parametrize("seed", range(8))
def test_every_number_is_heard_when_it_is_dialled(tmp_path: Path, seed: int) -> None:
    numbers = ("0123456789", "*#", f"{seed}{seed}", "5")
    sound, dialled = make_call.made(numbers, seed)
    make_call.write(tmp_path / "call.wav", sound)
    captions = calls.listen(hr.Wav(tmp_path / "call.wav"))
    assert [caption.keys for caption in captions] == list(numbers)
    for caption, wanted in zip(captions, dialled, strict=True):
        assert (caption.at_s, caption.until_s) == pytest.approx((wanted.at_s, wanted.until_s), abs=2 * activity.BLOCK_S)


def test_a_caption_is_there_before_the_rest_is_heard(recording: hr.Wav) -> None:
    heard = 0
    sound, dialled = make_call.made()
    size = round(activity.BLOCK_S * tones.RATE)

    def blocks() -> Iterator[activity.Sound]:
        nonlocal heard
        for start in range(0, len(sound) - size, size):
            heard += 1
            yield sound[start : start + size]

    found = activity.pieces(blocks(), quiet=0.03, pause_s=0.5)
    first = next(piece for piece in found if tones.keys_of(piece.sound))
    assert tones.keys_of(first.sound) == dialled[0].keys
    assert heard * activity.BLOCK_S == pytest.approx(dialled[0].until_s + 0.5, abs=0.1)


def test_voices_noise_and_silence_are_no_keys() -> None:
    random = np.random.default_rng(2)
    assert tones.keys_of(np.zeros(tones.RATE, np.float32)) == ""
    assert tones.keys_of(random.normal(0, 0.2, 8 * tones.RATE).astype(np.float32)) == ""
    assert all(tones.keys_of(make_call._voice(random)) == "" for _ in range(50))


def test_what_is_no_telephone_sound_is_the_inputs_fault(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "fast.wav"), "wb") as file:
        file.setparams((2, 3, 16_000, 0, "NONE", ""))
    make_call.write(tmp_path / "a-law.wav", np.zeros(tones.RATE, np.float32))
    encoded = bytearray((tmp_path / "a-law.wav").read_bytes())
    encoded[20] = 6  # WAVE_FORMAT_ALAW
    for wav, got in (
        ((tmp_path / "fast.wav").read_bytes(), "16000 Hz, 2 channels, 24 bits"),
        (bytes(encoded), "unknown format: 6"),
        (b"RIFF" + bytes(20), "not a WAVE file"),
    ):
        with pytest.raises(hr.InputError, match=f"expects 8000 Hz, .*, got {got}; convert it with: sox"):
            calls.listen(hr.Wav(wav))


def test_silence_and_an_empty_call_have_no_captions(tmp_path: Path) -> None:
    for seconds in (0, 3):
        make_call.write(tmp_path / "still.wav", np.zeros(seconds * tones.RATE, np.float32))
        found = calls.call(hr.Wav(tmp_path / "still.wav"))
        assert (found.captions, found.summary) == ([], calls.Summary(numbers=[], dialled_s=0))


def test_a_call_is_not_heard_backwards(recording: hr.Wav) -> None:
    with pytest.raises(hr.InputError, match="pace is how fast"):
        calls.listen(recording, pace=-1)


def test_an_instrument_is_no_key_and_two_pure_tones_are() -> None:
    at_s = np.arange(tones.RATE) / tones.RATE

    def chord(*notes: float, overtones: int) -> activity.Sound:
        return sum(np.sin(2 * np.pi * hz * n * at_s) / n for hz in notes for n in range(1, overtones + 1)) * 0.1

    assert tones.keys_of(chord(440, 554.4, 659.3, overtones=6)) == ""
    assert tones.keys_of(chord(698.5, 1318.5, overtones=1)) == "2"


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_captions_leave_as_a_stream(recording: hr.Wav, tmp_path: Path, runtime: str) -> None:
    command = [sys.executable, "-m", "headrace", "run", f"{AUDIO / 'calls.py'}:call", "--runtime", runtime]
    places = ["--out", str(tmp_path / "out"), "--state", str(tmp_path / "state")]
    done = subprocess.run(
        [*command, "--input", f"recording=@{recording.path()}", *places],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    summary = calls.Summary.model_validate_json((tmp_path / "out" / "summary.json").read_text())
    assert summary.numbers == list(make_call.NUMBERS)
    assert len(list((tmp_path / "out" / "captions").iterdir())) == len(make_call.NUMBERS)
    (folder,) = (tmp_path / "state" / "runs").iterdir()
    events = [each.event for each in RunRecord.read(folder).events]
    items = [place for place, event in enumerate(events) if isinstance(event, Item)]
    results = [place for place, event in enumerate(events) if isinstance(event, Result)]
    assert len(items) == len(make_call.NUMBERS)
    assert max(items) < min(results)
    shown = [calls.Caption.model_validate_json(events[place].shown) for place in items]
    assert [caption.keys for caption in shown] == list(make_call.NUMBERS)
