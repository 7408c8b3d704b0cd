"""Decoded sound from a WAV file: float32 from -1 to 1, one channel. Rates are not converted behind anybody's back."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.door.unfit import Unfit
from headrace_dags.graph import PortType

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[Any, np.dtype[np.float32]]


def sound(kind: PortType, path: Path) -> Samples:
    """The samples of a WAV file, channels averaged.

    Raises:
        Unfit: no WAV with whole samples, or another rate than the port's.
    """
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        got = f"{path.name}, which is no WAV that can be read ({error or 'it ends too early'})"
        raise Unfit("input-audio", f"expects {kind}", got, _convert(kind, path)) from None
    if kind.rate and rate != kind.rate:
        got = f"{path.name} at {rate} Hz"
        raise Unfit("input-audio", f"expects {kind}", got, f"Resample it first: {_command(kind, path)}")
    return _mono(_samples(data, width), channels)


def _samples(data: bytes, width: int) -> Samples:
    """Integers of ``width`` bytes as float32 from -1 to 1; WAV holds bytes unsigned and the rest signed, little-endian."""
    import numpy as np

    whole = data[: len(data) // width * width]
    if width == 1:
        return (np.frombuffer(whole, np.uint8).astype(np.float32) - 128) / 128
    if width == 3:
        padded = np.zeros((len(whole) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(whole, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0].astype(np.float32) / 2**31
    return np.frombuffer(whole, f"<i{width}").astype(np.float32) / np.float32(2 ** (8 * width - 1))


def _mono(samples: Samples, channels: int) -> Samples:
    import numpy as np

    whole = samples[: samples.size // channels * channels].reshape(-1, channels)
    return np.asarray(whole.mean(axis=1, dtype=np.float32), np.float32)


def _convert(kind: PortType, path: Path) -> str:
    return f"Convert it to WAV first: {_command(kind, path)}"


def _command(kind: PortType, path: Path) -> str:
    rate = f" -ar {kind.rate}" if kind.rate else ""
    return f"ffmpeg -i {path.name} -ac 1{rate} {path.stem}-{kind.rate or 'mono'}.wav"
