"""Where something is to be heard: blocks of sound whose energy rises above the noise, joined over short gaps. As it comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 0.02
"""Length of a block, in seconds."""

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound between two silences, and when it begins, in seconds."""

    at_s: float
    sound: Sound


def pieces(blocks: Iterable[Sound], *, quiet: float, pause_s: float) -> Iterator[Piece]:
    """Each piece as soon as the silence behind it is long enough; what comes after that has not been looked at.

    Args:
        blocks: of ``BLOCK_S`` each, samples from -1 to 1.
        quiet: a block below this root mean square is silence.
        pause_s: a silence of this length ends a piece.
    """
    held: list[Sound] = []
    silent, number = 0, -1
    for number, block in enumerate(blocks):
        is_quiet = float(np.sqrt(np.mean(np.square(block)))) < quiet
        silent = silent + 1 if is_quiet else 0
        if held or not is_quiet:
            held.append(block)
        if held and silent * BLOCK_S >= pause_s:
            yield _piece(held, silent, number)
            held = []
    if held:
        yield _piece(held, silent, number)


def _piece(held: list[Sound], silent: int, last: int) -> Piece:
    """The blocks up to the silence; ``last`` is the number of the block that was held last."""
    sound = held[: len(held) - silent]
    return Piece(round((last - len(held) + 1) * BLOCK_S, 3), np.concatenate(sound))
