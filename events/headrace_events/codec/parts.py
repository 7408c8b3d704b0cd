"""Tensors as records carry them: raw contents of the Open Inference Protocol, passed on, cut and joined as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headrace_dags.remote.contents import dtype_of
from headrace_serving.raw import from_raw, to_raw
from headrace_serving.tensors import Tensor

_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Part:
    """Items along the first axis, encoded.

    Attributes:
        datatype: the protocol's.
        shape: items first.
        raw: the contents.
    """

    datatype: str
    shape: tuple[int, ...]
    raw: bytes

    @staticmethod
    def of(tensor: Tensor) -> Part:
        """The encoded form of a tensor."""
        return Part(tensor.datatype, tensor.array.shape, to_raw(tensor))

    @property
    def items(self) -> int:
        """How many items it holds."""
        return self.shape[0]

    def tensor(self) -> Tensor:
        """The tensor.

        Raises:
            ValueError: datatype, shape and contents do not fit each other.
        """
        return from_raw(self.datatype, self.shape, self.raw)

    def cut(self, start: int, stop: int) -> Part:
        """The items from ``start`` up to ``stop``.

        Raises:
            ValueError: datatype, shape and contents do not fit each other.
        """
        if (start, stop) == (0, self.items):
            return self
        first, last = self._edges(start), self._edges(stop)
        return Part(self.datatype, (stop - start, *self.shape[1:]), self.raw[first:last])

    @staticmethod
    def join(parts: Sequence[Part]) -> Part | None:
        """The items of all ``parts``, in order; ``None`` where they are none, or of different kinds or sizes."""
        if len({(part.datatype, part.shape[1:]) for part in parts}) != 1:
            return None
        if len(parts) == 1:
            return parts[0]
        shape = (sum(part.items for part in parts), *parts[0].shape[1:])
        return Part(parts[0].datatype, shape, b"".join(part.raw for part in parts))

    def _edges(self, items: int) -> int:
        """Where the first so many items end."""
        each = math.prod(self.shape[1:])
        if self.datatype != "BYTES":
            return items * each * dtype_of(self.datatype).itemsize
        ends = self._ends()
        return next((end for number, end in enumerate(ends, 1) if number == items * each), 0)

    def _ends(self) -> Iterator[int]:
        position = 0
        while position < len(self.raw):
            start = position + _LENGTH_BYTES
            position = start + int.from_bytes(self.raw[position:start], "little")
            yield position
