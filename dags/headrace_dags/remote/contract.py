"""What stands behind a remote step: one model of one server, reached by one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from headrace_dags.remote.contents import Array

Tensors = Mapping[str, Array]


QUESTION_S = 10.0
"""So long a server may take to say what a model is."""
_QUESTION_BYTES = 1 << 20
_MOST_CHARACTERS = 200
_MOST_AXES = 32


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost.

    Attributes:
        timeout_s: most seconds from its first byte to the answer's last.
        most_bytes: the largest answer.
    """

    timeout_s: float
    most_bytes: int

    @property
    def of_questions(self) -> Limits:
        """What it may cost to ask a server what a model is."""
        return Limits(min(QUESTION_S, self.timeout_s), max(_QUESTION_BYTES, self.most_bytes))


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor of a model, as its server tells.

    Attributes:
        name: its name.
        datatype: the protocol's datatype.
        shape: sizes of its axes, -1 where they are free; of a model that batches the first is the batch.

    Raises:
        ValueError: the server tells what no model has.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        texts = (self.name, self.datatype)
        if not all(isinstance(each, str) and each.isprintable() and len(each) <= _MOST_CHARACTERS for each in texts):
            raise ValueError(f"tensors with names of at most {_MOST_CHARACTERS} characters that can be seen")
        if len(self.shape) > _MOST_AXES:
            raise ValueError(f"a tensor of {len(self.shape)} axes")

    def __str__(self) -> str:
        sizes = ", ".join("?" if size < 0 else str(size) for size in self.shape)
        return f"{self.name} {self.datatype} [{sizes}]"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The tensors of a model; none where the server does not tell."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class Endpoint(Protocol):
    """A model that may be called from several threads at once. Connects when it is first called."""

    def spec(self) -> ModelSpec:
        """What the server says of the model.

        Raises:
            EndpointFailed: it does not.
        """
        ...

    def infer(self, inputs: Tensors, wanted: Sequence[str]) -> Tensors:
        """The model's outputs by name, for inputs by name.

        Args:
            inputs: its tensors.
            wanted: names of the outputs that are needed; none for all.

        Raises:
            EndpointFailed: there are none.
        """
        ...
