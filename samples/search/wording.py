"""Text as vectors: a caption by its hashed letter groups, and the colours that it names."""

import re
from typing import TypeAlias
from zlib import crc32

import numpy as np

from palette import COLOURS, GROUNDS

DIMENSIONS = 256

Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]


def letter_groups(text: str) -> Vector:
    """The groups of three letters in ``text``, counted at hashed places: float32 ``[256]`` of length 1.

    Words that are written alike ("ring", "rings") share most groups, so spelling need not be exact.
    """
    counts = np.zeros(DIMENSIONS, np.float32)
    for word in re.findall(r"[a-z]+", text.lower()):
        padded = f"_{word}_"
        for start in range(len(padded) - 2):
            counts[crc32(padded[start : start + 3].encode()) % DIMENSIONS] += 1
    return np.asarray(counts / max(float(np.linalg.norm(counts)), 1.0), np.float32)


def named_colours(text: str) -> Vector:
    """How much of each colour a picture has that is described by ``text``: shares of 1, all 0 where it names none.

    A ground is named once and is large; a shape is small.
    """
    named = set(re.findall(r"[a-z]+", text.lower()))
    sizes = np.asarray([(8 if name in GROUNDS else 1) * (name in named) for name in COLOURS], np.float32)
    return np.asarray(sizes / max(float(sizes.sum()), 1.0), np.float32)
