"""A named tensor's data as the Open Inference Protocol carries it, held in numpy; cut and joined along the items axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace_dags.plan.wires import DATATYPES

__all__ = ("DATATYPES", "Tensor")


@dataclass(frozen=True, slots=True)
class Tensor:
    """Items along the first axis.

    Attributes:
        array: the data; for ``BYTES`` an object array of ``bytes`` with shape [items, 1].
    """

    array: np.ndarray[Any, np.dtype[Any]]

    @property
    def datatype(self) -> str:
        """The protocol's datatype."""
        return "BYTES" if self.array.dtype.kind == "O" else DATATYPES[self.array.dtype.name]

    @property
    def items(self) -> int:
        """How many items it holds."""
        return int(self.array.shape[0])

    @property
    def nbytes(self) -> int:
        """Payload size in bytes, without the protocol's framing."""
        if self.array.dtype.kind == "O":
            return sum(len(item) for item in self.array.flat)
        return int(self.array.nbytes)

    def cut(self, start: int, stop: int) -> Tensor:
        """The items from ``start`` up to ``stop``."""
        return Tensor(self.array[start:stop])

    @staticmethod
    def of_bytes(items: Sequence[bytes]) -> Tensor:
        """A ``BYTES`` tensor of shape [items, 1]."""
        array = np.empty((len(items), 1), dtype=np.object_)
        array[:, 0] = items
        return Tensor(array)

    @staticmethod
    def join(parts: Sequence[Tensor]) -> Tensor:
        """The items of all ``parts``, in order."""
        return parts[0] if len(parts) == 1 else Tensor(np.concatenate([part.array for part in parts]))
