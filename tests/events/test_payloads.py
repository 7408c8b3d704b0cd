"""Encoded tensors: the same items come back, all of them or some."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_dags.graph import PortType, Use
from headrace_dags.plan.model import Flow, Wire
from headrace_events.engine.payloads import empty, read, read_items, write
from headrace_serving.tensors import DATATYPES, Tensor


class Counting(io.BytesIO):
    """A stream that counts what is read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def same(one: Tensor, other: Tensor) -> bool:
    return one.array.dtype == other.array.dtype and np.array_equal(one.array, other.array)


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_bytes_come_back(items: list[bytes], start: int, stop: int) -> None:
    data = write(Tensor.of_bytes(items))
    assert list(read(data).array.flat) == items
    start, stop = sorted((min(start, len(items)), min(stop, len(items))))
    assert list(read_items(io.BytesIO(data), start, stop).array.flat) == items[start:stop]


@pytest.mark.parametrize("dtype", sorted(DATATYPES))
@pytest.mark.parametrize("shape", [(5,), (5, 3), (5, 2, 4), (0, 7), (1, 0)])
def test_arrays_come_back(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = Tensor((np.arange(np.prod(shape)).reshape(shape) % 2).astype(dtype))
    data = write(tensor)
    assert same(read(data), tensor)
    for start, stop in [(0, 0), (0, 1), (1, shape[0]), (shape[0], shape[0])]:
        assert same(read_items(io.BytesIO(data), start, stop), tensor.cut(start, stop))


def test_arrays_that_lie_otherwise_in_memory_come_back() -> None:
    for array in (np.asfortranarray(np.arange(12).reshape(3, 4)), np.arange(12).reshape(4, 3).T, np.arange(12)[::2]):
        assert same(read(write(Tensor(array))), Tensor(array))


@pytest.mark.parametrize("tensor", [Tensor.of_bytes([bytes(1000)] * 100), Tensor(np.zeros((100, 1000), np.uint8))])
def test_only_what_is_asked_for_is_read(tensor: Tensor) -> None:
    stream = Counting(write(tensor))
    assert read_items(stream, 50, 52).items == 2
    assert stream.taken < 5_000


@pytest.mark.parametrize("bad", [b"", b"HRB1", b"RIFF0000", write(Tensor.of_bytes([b"abc"]))[:-1]])
def test_what_is_no_tensor_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="tensor"):
        read(bad)


@pytest.mark.parametrize(
    ("wire", "dtype", "axes", "shape"),
    [
        ("text", "", (), (0, 1)),
        ("png", "uint8", ("h", "w", "c"), (0, 1)),
        ("tensor", "float32", ("n", "d=4"), (0, 1, 4)),
    ],
)
def test_no_items_have_the_shape_of_their_flow(
    wire: Wire, dtype: str, axes: tuple[str, ...], shape: tuple[int]
) -> None:
    kind = PortType(kind="tensor", dtype=dtype, axes=axes)
    tensor = empty(Flow(name="f", use=Use(node="", port="f"), type=kind, many=True, wire=wire))
    assert tensor.array.shape == shape
    assert tensor.datatype == ("FP32" if wire == "tensor" else "BYTES")
