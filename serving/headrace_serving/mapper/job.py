"""One request on its way through a mapper: what is known, what can run next, which chunks are still open. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from headrace_dags.plan.model import Flow
from headrace_serving.mapper.chunks import Tensors, gathered
from headrace_serving.mapper.program import MapperProgram
from headrace_serving.runner import Answer, Request
from headrace_serving.tensors import Tensor


@dataclass(frozen=True, slots=True)
class ServerSaid:
    """What the server said instead of a model's answer: one is away, or its process died.

    Attributes:
        text: its words.
        code: its error code, as the server's own library has it.
    """

    text: str
    code: Any


Outcome = Answer | ServerSaid
"""What a call or a request came to."""


@dataclass
class Unit:
    """A stage or a call of a mapper.

    Attributes:
        number: its place among the stages or calls.
        is_call: which of the two.
        inputs: values it takes.
    """

    number: int
    is_call: bool
    inputs: tuple[Flow, ...]


@dataclass
class OpenCall:
    """A call whose chunks are not all there.

    Attributes:
        items: of the axis.
        parts: the outputs of each chunk that is there.
        missing: how many are not.
    """

    items: int
    parts: list[Tensors]
    missing: int


@dataclass(eq=False)
class Job:
    """A request under way.

    Attributes:
        number: of its own.
        program: of the mapper.
        request: what came in.
        done: told of the outcome, once.
        gone: whether nobody waits for it any more.
        ended: whether ``done`` was told.
        under_way: its calls that were begun and have not come back.
    """

    number: int
    program: MapperProgram
    request: Request
    done: Callable[[Outcome], None]
    gone: Callable[[], bool]
    ended: bool = False
    known: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    left: list[Unit] = field(default_factory=list[Unit])
    calls: dict[int, OpenCall] = field(default_factory=dict[int, OpenCall])
    under_way: set[Future[Outcome]] = field(default_factory=set[Future[Outcome]])

    def __post_init__(self) -> None:
        self.known.update(self.request.tensors)
        self.left += [Unit(at, False, stage.inputs) for at, stage in enumerate(self.program.stages)]
        self.left += [Unit(at, True, call.inputs) for at, call in enumerate(self.program.calls)]

    def next(self) -> Unit | None:
        """A stage or call that has all it takes, removed from what is left. Calls first: they run while stages do."""
        ready = [unit for unit in self.left if all(flow.name in self.known for flow in unit.inputs)]
        found = max(ready, key=lambda unit: unit.is_call, default=None)
        if found:
            self.left.remove(found)
        return found

    def given(self, flows: tuple[Flow, ...]) -> dict[str, Tensor]:
        """The tensors of values that are known."""
        return {flow.name: self.known[flow.name] for flow in flows}

    def take(self, call: int, chunk: int, part: Tensors) -> bool:
        """Take the outputs of a chunk; whether that was the last of its call."""
        found = self.calls[call]
        found.parts[chunk] = part
        found.missing -= 1
        if not found.missing:
            self.known.update(gathered(self.program.calls[call], found.parts))
            del self.calls[call]
        return not found.missing

    @property
    def is_whole(self) -> bool:
        """Whether all that is to run has run."""
        return not self.left and not self.calls
