"""What keys a sound holds: the tones of a telephone, two at a time, told apart by Goertzel's filter (ITU-T Q.23)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
ROWS_HZ = (697, 770, 852, 941)
COLUMNS_HZ = (1209, 1336, 1477)
KEYS = ("123", "456", "789", "*0#")
CLEAR = 6.0
"""How much stronger a tone must be than the next of its kind; noise and voices have no tone that stands out so."""

_BLOCK_S = 0.02
_LEAST_S = 0.04

Sound = NDArray[np.float32]


def tone(key: str, length_s: float) -> Sound:
    """The sound of a key, at half of full scale."""
    row = next(index for index, keys in enumerate(KEYS) if key in keys)
    at_s = np.arange(round(length_s * RATE)) / RATE
    low, high = (np.sin(2 * np.pi * hz * at_s) for hz in (ROWS_HZ[row], COLUMNS_HZ[KEYS[row].index(key)]))
    sound: Sound = (0.25 * (low + high)).astype(np.float32)
    return sound


def keys_of(sound: Sound) -> str:
    """The keys that were pressed, in order; empty where none was."""
    found, length, before = "", 0, ""
    for key in _blocks(sound):
        length = length + 1 if key == before else 1
        if key and length == round(_LEAST_S / _BLOCK_S):
            found += key
        before = key
    return found


def _blocks(sound: Sound) -> Iterator[str]:
    size = round(_BLOCK_S * RATE)
    for start in range(0, len(sound) - size + 1, size):
        yield _key(sound[start : start + size])


def _key(block: Sound) -> str:
    row, column = (_clearest(block, tones) for tones in (ROWS_HZ, COLUMNS_HZ))
    return KEYS[row][column] if row >= 0 and column >= 0 else ""


def _clearest(block: Sound, tones_hz: tuple[int, ...]) -> int:
    """Which of the tones stands out; -1 where none does."""
    powers = np.array([_power(block, hz) for hz in tones_hz])
    first, second = np.sort(powers)[:-3:-1]
    loud = float(np.square(block).sum()) * len(block) / 20  # a tenth of what a single pure tone would have
    return int(powers.argmax()) if first > max(CLEAR * second, loud) else -1


def _power(block: Sound, hz: float) -> float:
    """The power of one frequency, as one bin of a Fourier transform has it."""
    turn = np.exp(-2j * np.pi * hz / RATE * np.arange(len(block)))
    return float(np.abs(block @ turn) ** 2)
