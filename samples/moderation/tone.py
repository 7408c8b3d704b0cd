"""The tone of a text: words and pairs of words at hashed places, and the classifier in plain numpy."""

import re
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np

MODELS = Path(__file__).parent / "models"
TONES = ("fine", "spam", "threat")
PLACES = 512

Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]


def counts(text: str) -> Vector:
    """How often each word and each pair of words stands in ``text``, at hashed places: float32 ``[512]`` of length 1."""
    words = re.findall(r"[a-z']+", text.lower())
    found = np.zeros(PLACES, np.float32)
    for term in (*words, *(" ".join(pair) for pair in pairwise(words))):
        found[crc32(term.encode()) % PLACES] += 1
    return np.asarray(found / max(float(np.linalg.norm(found)), 1.0), np.float32)


def scores(counted: Vector) -> Vector:
    """The share of each tone: float32 ``[3]``, as the ONNX model gives it. The weights are read at every call."""
    with np.load(MODELS / "tone.npz") as saved:
        raised = np.exp(counted @ saved["weights"] + saved["offsets"])
    return np.asarray(raised / raised.sum(), np.float32)
