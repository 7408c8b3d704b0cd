"""Marks that annotations carry: what an array's axes mean, and where a list is an axis of a dag. No numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "image", "audio", "video", "document", "embedding", "tensor", "json", "file"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a decoded medium lies in an array: ``Annotated[ndarray, Layout("embedding", "d=384")]``.

    Attributes:
        kind: the medium.
        axes: names of the axes, separated by spaces; ``name=size`` fixes a size.
        rate: samples per second, for audio.
        dtype: numpy's name of the element type; empty: taken from the annotation, where numpy's types name it.
    """

    kind: Kind
    axes: str = ""
    rate: int = 0
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """Marks a list as many items of a dag, in order: ``Many[T]``."""


@dataclass(frozen=True, slots=True)
class BatchAxis:
    """Marks a list as the batch that a batched body sees: ``Batch[T]``."""
