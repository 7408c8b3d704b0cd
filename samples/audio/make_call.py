"""Makes a telephone call to try the sample on: numbers dialled with pauses between them, on a line with noise and voices."""

import argparse
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tones import RATE, Sound, tone

NUMBERS = ("2026", "0#", "73129", "*1")
_KEY_S, _GAP_S, _PAUSE_S = 0.09, 0.08, 0.9
_NOISE = 0.004


@dataclass(frozen=True, slots=True)
class Dialled:
    """A number, and when its first key begins and its last one ends, in seconds."""

    keys: str
    at_s: float
    until_s: float


def made(numbers: tuple[str, ...] = NUMBERS, seed: int = 1) -> tuple[Sound, list[Dialled]]:
    """The sound of a call and what is dialled in it; the same seed, the same call."""
    random = np.random.default_rng(seed)
    parts: list[Sound] = [_silence(0.6)]
    dialled: list[Dialled] = []
    for number in numbers:
        parts += [_voice(random), _silence(_PAUSE_S)]
        begin = sum(map(len, parts))
        for key in number:
            parts += [tone(key, _KEY_S + random.uniform(0, 0.06)), _silence(_GAP_S)]
        dialled.append(Dialled(number, begin / RATE, sum(map(len, parts[:-1])) / RATE))
        parts.append(_silence(_PAUSE_S))
    sound = np.concatenate(parts)
    return sound + random.normal(0, _NOISE, len(sound)).astype(np.float32), dialled


def write(path: Path, sound: Sound) -> None:
    """Write a WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def _silence(length_s: float) -> Sound:
    return np.zeros(round(length_s * RATE), np.float32)


def _voice(random: np.random.Generator) -> Sound:
    """Something that is heard and is no key: a gliding voice with harmonics."""
    length = round(random.uniform(0.4, 0.8) * RATE)
    first_hz, last_hz = random.uniform(110, 230, 2)
    phase = 2 * np.pi * np.cumsum(np.linspace(first_hz, last_hz, length)) / RATE
    harmonics = np.array([np.sin(number * phase) / number for number in range(1, 9)])
    voice: Sound = (0.15 * harmonics.sum(axis=0) * np.hanning(length)).astype(np.float32)
    return voice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the WAV file to write")
    path = parser.parse_args().path
    sound, dialled = made()
    write(path, sound)
    print(f"{path}: {len(sound) / RATE:.1f} s, {len(dialled)} numbers dialled")


if __name__ == "__main__":
    main()
