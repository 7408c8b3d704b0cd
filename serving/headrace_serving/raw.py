"""Tensors as the raw contents of the Open Inference Protocol, and back."""

from __future__ import annotations

from collections.abc import Sequence

from headrace_dags.remote import contents
from headrace_serving.tensors import Tensor


def to_raw(tensor: Tensor) -> bytes:
    """The contents: elements in C order, little-endian; ``BYTES`` with four bytes of length before each element."""
    return contents.to_raw(tensor.array)


def from_raw(datatype: str, shape: Sequence[int], raw: bytes) -> Tensor:
    """The tensor that ``raw`` holds; it may be written to.

    Raises:
        ValueError: datatype, shape and contents do not fit each other.
    """
    return Tensor(contents.from_raw(datatype, shape, raw))
