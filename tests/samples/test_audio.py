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
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    (tmp_path / "broken.wav").write_bytes(b"RIFF" + bytes(20))
    with pytest.raises(hr.InputError, match="expects 8000 Hz"):
        calls.listen(hr.Wav(tmp_path / "fast.wav"))
    with pytest.raises(hr.InputError, match="not a WAVE file"):
        calls.listen(hr.Wav(tmp_path / "broken.wav"))


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
