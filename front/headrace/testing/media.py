"""What a test wants to know of a medium: how large an image is and of what colour, and which tone a sound is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_RATE_HZ = 16_000
"""The rate of ``hr.Audio``."""


def assert_image(
    image: Any,
    *,
    size: tuple[int, int] | None = None,
    colour: tuple[int, int, int] | None = None,
    tolerance: float = 8.0,
) -> None:
    """Assert the size of an image, and its average colour.

    Args:
        image: pixels (height, width, channels; uint8), or an image file as ``hr.ImageFile``.
        size: width and height in pixels.
        colour: red, green and blue, from 0 to 255.
        tolerance: how far each channel's mean may be from ``colour``; files lose a little.

    Raises:
        AssertionError: it is another one; says what it is.
    """
    pixels = _pixels(image)
    found = (pixels.shape[1], pixels.shape[0])
    if size is not None and found != size:
        raise AssertionError(f"expects an image of {size[0]} x {size[1]} pixels, got {found[0]} x {found[1]}")
    if colour is None:
        return
    mean = pixels[..., :3].reshape(-1, 3).mean(axis=0) if pixels.ndim == 3 else pixels.mean().repeat(3)
    if max(abs(mean - colour)) > tolerance:
        got = ", ".join(f"{each:.0f}" for each in mean)
        raise AssertionError(f"expects the average colour {colour} within {tolerance:g}, got ({got})")


def assert_tone(sound: Any, frequency_hz: float, *, rate: int = _RATE_HZ, tolerance_hz: float = 10.0) -> None:
    """Assert that the strongest tone of a sound is the one of ``frequency_hz``.

    Args:
        sound: samples (one channel), or a WAV of 16 bits as ``hr.Wav``.
        frequency_hz: the tone.
        rate: samples per second of an array; a file says its own.
        tolerance_hz: how far the strongest tone may be from it; short sounds cannot be told apart as finely.

    Raises:
        AssertionError: it is another one, or silence; says which.
    """
    import numpy as np

    samples, rate = _samples(sound, rate)
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * np.hanning(len(samples)))) if len(samples) else samples
    if not len(samples) or spectrum.max() < 1e-6:
        raise AssertionError(f"expects a tone of {frequency_hz:g} Hz, got silence")
    strongest_hz = float(spectrum.argmax()) * rate / len(samples)
    if abs(strongest_hz - frequency_hz) > max(tolerance_hz, rate / len(samples)):
        raise AssertionError(f"expects a tone of {frequency_hz:g} Hz, got {strongest_hz:.0f} Hz")


def _pixels(image: Any) -> Array:
    import numpy as np

    if not hasattr(image, "open"):
        return np.asarray(image)
    from PIL import Image

    with image.open() as file, Image.open(file) as opened:
        return np.asarray(opened.convert("RGB"))


def _samples(sound: Any, rate: int) -> tuple[Array, int]:
    """The samples of the first channel, from -1 to 1, and their rate."""
    import numpy as np

    if not hasattr(sound, "open"):
        return np.asarray(sound, np.float64), rate
    import wave

    with sound.open() as file, wave.open(file, "rb") as opened:
        if opened.getsampwidth() != 2:
            raise AssertionError(f"expects a WAV of 16 bits, got {8 * opened.getsampwidth()}")
        data = np.frombuffer(opened.readframes(opened.getnframes()), "<i2")
        return data[:: opened.getnchannels()] / 32768, opened.getframerate()
