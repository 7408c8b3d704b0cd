"""Arrays as the raw contents of the Open Inference Protocol, and back. ``BYTES`` are object arrays of ``bytes``."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace_dags.plan.wires import DATATYPES

Array = NDArray[np.generic]

_DTYPES = {datatype: np.dtype(name) for name, datatype in DATATYPES.items()}
_LENGTH = struct.Struct("<I")


def datatype_of(array: Array) -> str:
    """The protocol's datatype."""
    return "BYTES" if array.dtype.kind == "O" else DATATYPES[array.dtype.name]


def dtype_of(datatype: str) -> np.dtype[np.generic]:
    """Numpy's type for a datatype other than ``BYTES``.

    Raises:
        ValueError: the protocol has no such datatype.
    """
    if datatype not in _DTYPES:
        raise ValueError(f"expects a datatype of the protocol, got {datatype!r}")
    return _DTYPES[datatype]


def to_raw(array: Array) -> bytes:
    """The contents: elements in C order, little-endian; ``BYTES`` with four bytes of length before each element."""
    if array.dtype.kind != "O":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return b"".join(part for item in items_of(array) for part in (_LENGTH.pack(len(item)), item))


def items_of(array: Array) -> list[bytes]:
    """The elements of a ``BYTES`` array in C order."""
    items: list[bytes] = array.reshape(-1).tolist()
    return items


def from_raw(datatype: str, shape: Sequence[int], contents: bytes) -> Array:
    """The array that ``contents`` hold; it may be written to.

    Raises:
        ValueError: datatype, shape and contents do not fit each other.
    """
    if datatype == "BYTES":
        return of_items(list(_elements(contents)), shape)
    array = np.frombuffer(contents, dtype=dtype_of(datatype))
    return array.reshape(_sizes(shape, array.size)).copy()


def of_items(items: Sequence[bytes], shape: Sequence[int]) -> Array:
    """A ``BYTES`` array.

    Raises:
        ValueError: there are more or fewer items than ``shape`` has places.
    """
    array = np.empty(_sizes(shape, len(items)), dtype=np.object_)
    array.reshape(-1)[:] = list(items)
    return array


def of_numbers(datatype: str, shape: Sequence[int], numbers: Sequence[Any]) -> Array:
    """An array of another datatype than ``BYTES``, of numbers that are written out.

    Raises:
        ValueError: datatype, shape and numbers do not fit each other, or a number is none of the datatype.
    """
    dtype = dtype_of(datatype)
    found = np.asarray(numbers).reshape(-1)
    if found.dtype.kind == "O" and dtype.kind == "f":  # JSON has no word for NaN, and some write null
        found = np.asarray([math.nan if each is None else each for each in found])
    if found.dtype.kind not in "biuf":
        raise ValueError(f"expects numbers of {datatype}, got others")
    with np.errstate(all="ignore"):
        made = found.astype(dtype)
    wrong = np.isinf(made) != np.isinf(found) if dtype.kind == "f" else made != found
    if wrong.any():
        raise ValueError(f"expects numbers of {datatype}, got {found[wrong][0]}")
    return made.reshape(_sizes(shape, made.size))


def _sizes(shape: Sequence[int], elements: int) -> tuple[int, ...]:
    """A shape that a stranger says ``elements`` have.

    Raises:
        ValueError: it is that of more or fewer, or none at all.
    """
    sizes = tuple(shape)
    if not all(isinstance(size, int) and size >= 0 for size in sizes) or math.prod(sizes) != elements:
        raise ValueError(f"expects elements of the shape {list(sizes)}, got {elements}")
    return sizes


def _elements(contents: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(contents):
        start = position + _LENGTH.size
        length = int.from_bytes(contents[position:start], "little")
        position = start + length
        if position > len(contents):
            raise ValueError("expects whole elements, got a part of one")
        yield contents[start:position]
