"""How a tensor lies in a record or an object: self-describing bytes of which some items can be read without the rest.

Arrays are numpy's npy format, C order. ``BYTES`` tensors are the magic ``HRB1``, then little-endian 64-bit integers: the
number of items and each item's length; then the items one after another.
"""

from __future__ import annotations

import io
from itertools import pairwise
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from headrace_dags.plan.model import Flow
from headrace_serving.tensors import Tensor

MEDIA_TYPE = "application/vnd.headrace.tensor"
_BYTES = b"HRB1"
_NPY = b"\x93NUM"
_INTEGER = np.dtype("<u8")


def write(tensor: Tensor) -> bytes:
    """The encoded form of ``tensor``."""
    if tensor.datatype != "BYTES":
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(tensor.array), allow_pickle=False)
        return file.getvalue()
    items: list[bytes] = list(tensor.array.flat)
    header = np.array([len(items), *map(len, items)], dtype=_INTEGER)
    return b"".join([_BYTES, header.tobytes(), *items])


def read(data: bytes) -> Tensor:
    """All items of an encoded tensor.

    Raises:
        ValueError: ``data`` is no encoded tensor.
    """
    return read_items(io.BytesIO(data), 0, None)


def read_items(stream: BinaryIO, start: int, stop: int | None) -> Tensor:
    """Some items of an encoded tensor; what lies before and after them is not read.

    Args:
        stream: seekable, at the beginning of the encoded form.
        start: the first item.
        stop: the item after the last one; ``None`` is the end.

    Raises:
        ValueError: the stream holds no encoded tensor, or ends too early.
    """
    magic = stream.read(len(_BYTES))
    if magic == _BYTES:
        return _read_bytes(stream, start, stop)
    if magic == _NPY:
        return _read_array(stream, start, stop)
    raise ValueError(f"no encoded tensor: it begins with {magic!r}")


def empty(flow: Flow) -> Tensor:
    """The tensor of no items that travels on ``flow``; axes of a free size get size 1."""
    if flow.wire != "tensor":
        return Tensor.of_bytes([])
    sizes = [max(size, 1) for size in flow.type.sizes]
    return Tensor(np.empty((0, *sizes), dtype=flow.type.dtype))


def _read_bytes(stream: BinaryIO, start: int, stop: int | None) -> Tensor:
    count = int(np.frombuffer(_exactly(stream, _INTEGER.itemsize), _INTEGER)[0])
    lengths = np.frombuffer(_exactly(stream, count * _INTEGER.itemsize), _INTEGER).astype(np.int64)
    edges = np.concatenate([[0], np.cumsum(lengths)])[start : None if stop is None else stop + 1]
    stream.seek(int(edges[0]), io.SEEK_CUR)
    data = _exactly(stream, int(edges[-1] - edges[0]))
    places = (edges - edges[0]).tolist()
    return Tensor.of_bytes([data[begin:end] for begin, end in pairwise(places)])


def _read_array(stream: BinaryIO, start: int, stop: int | None) -> Tensor:
    stream.seek(-len(_NPY), io.SEEK_CUR)
    npy.read_magic(stream)  # type: ignore[no-untyped-call]
    shape, _, dtype = npy.read_array_header_1_0(stream)  # type: ignore[no-untyped-call]
    start, stop, _ = slice(start, stop).indices(shape[0])
    row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
    stream.seek(start * row_bytes, io.SEEK_CUR)
    data = _exactly(stream, (stop - start) * row_bytes)
    return Tensor(np.frombuffer(data, dtype).reshape((stop - start, *shape[1:])))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ValueError(f"an encoded tensor ends {size - len(data)} bytes too early")
    return data
