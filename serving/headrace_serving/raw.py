"""Tensors as the raw contents of the Open Inference Protocol, and back."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import numpy as np

from headrace_serving.tensors import DATATYPES, Tensor

_DTYPES = {datatype: np.dtype(name) for name, datatype in DATATYPES.items()}
_LENGTH = struct.Struct("<I")


def to_raw(tensor: Tensor) -> bytes:
    """The contents: elements in C order, little-endian; ``BYTES`` with four bytes of length before each element."""
    if tensor.array.dtype.kind != "O":
        return tensor.array.tobytes()
    return b"".join(part for item in tensor.array.flat for part in (_LENGTH.pack(len(item)), item))


def from_raw(datatype: str, shape: Sequence[int], contents: bytes) -> Tensor:
    """The tensor that ``contents`` hold; it may be written to.

    Raises:
        ValueError: datatype, shape and contents do not fit each other.
    """
    if datatype == "BYTES":
        array = np.empty(shape, dtype=np.object_)
        items = list(_elements(contents))
        if len(items) != array.size:
            raise ValueError(f"expects {array.size} elements, got {len(items)}")
        array.reshape(-1)[:] = items
        return Tensor(array)
    if datatype not in _DTYPES:
        raise ValueError(f"expects a datatype of the protocol, got {datatype!r}")
    return Tensor(np.frombuffer(contents, dtype=_DTYPES[datatype]).reshape(tuple(shape)).copy())


def _elements(contents: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(contents):
        (length,) = _LENGTH.unpack_from(contents, position)
        position += _LENGTH.size + length
        yield contents[position - length : position]
