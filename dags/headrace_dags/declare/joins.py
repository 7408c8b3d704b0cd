"""Branches and joins: ``switch``, ``when``, ``optional``, ``first``, ``quorum``, ``collect``. Typed for checkers.

In the body of a dag they are wired; elsewhere, where the values are there already, they give what a run would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar

from headrace_dags.declare.options import caller_line
from headrace_dags.trace.context import active

if TYPE_CHECKING:
    from headrace_dags.ports.types import Many

__all__ = ("Switch", "collect", "first", "optional", "quorum", "switch", "when")

A = TypeVar("A")
K = TypeVar("K", bound=str)
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Case:
    """One branch of a switch: its key, its value, and the line that says so."""

    key: Any
    value: Any
    line: tuple[str, int]


class Switch(Generic[K, R_co]):
    """A branch being written; :meth:`otherwise` or :meth:`end` gives its value.

    Attributes:
        on: the value it decides by.
        cases: the branches so far.
    """

    __module__ = "headrace"

    def __init__(self, on: Any, cases: tuple[Case, ...] = ()) -> None:
        self.on, self.cases = on, cases

    def case(self, key: K, value: A, /) -> Switch[K, R_co | A]:
        """The value where the switch finds ``key``, a member of the Enum; what only it needs runs only then."""
        longer: Switch[K, R_co | A] = Switch(self.on, (*self.cases, Case(key, value, caller_line())))
        if tracer := active():
            tracer.continued(self, longer)
        return longer

    def otherwise(self, value: A, /) -> R_co | A:
        """The value where the switch finds any other key; ``None`` gives nothing then."""
        tracer = active()
        if tracer:
            chosen: R_co | A = tracer.switch(self, Case(None, value, caller_line()))
            return chosen
        case = self._taken()
        return value if case is None else case.value

    def end(self) -> R_co:
        """The value of a switch that has a case for every member of the Enum."""
        tracer = active()
        if tracer:
            chosen: R_co = tracer.switch(self, None)
            return chosen
        case = self._taken()
        if case is None:
            raise KeyError(f"the switch has no case for {self.on!r}")
        taken: R_co = case.value
        return taken

    def _taken(self) -> Case | None:
        return next((case for case in self.cases if case.key == self.on), None)

    def __repr__(self) -> str:
        return f"<switch of {len(self.cases)} cases>"


def switch(on: K, /) -> Switch[K, Never]:
    """Branch on a value whose type is a str Enum: ``switch(kind).case(Kind.INVOICE, invoice(x)).otherwise(letter(x))``.

    Args:
        on: the value that decides.
    """
    begun: Switch[K, Never] = Switch(on)
    if tracer := active():
        tracer.continued(None, begun)
    return begun


def when(condition: bool, value: A, /) -> A | None:
    """The value where ``condition`` holds, else nothing; what only it needs runs only then.

    Args:
        condition: a ``bool`` that a step gives.
        value: what is given where it is true.
    """
    tracer = active()
    if tracer:
        chosen: A | None = tracer.when(condition, value)
        return chosen
    return value if condition else None


def optional(value: A, /, *, within: str) -> A | None:
    """The value; nothing where its step fails, or is not done in time.

    Args:
        value: a value of the dag.
        within: the most time, e.g. ``"2s"``, from when the step that makes it is given its work.
    """
    tracer = active()
    if tracer:
        chosen: A | None = tracer.patient("optional", (value,), within=within)
        return chosen
    return value


def first(*values: A) -> A:
    """The value that is there first; it fails where all fail.

    Args:
        *values: values of one type, best first: of several that are there, the first written is taken.
    """
    tracer = active()
    if tracer:
        chosen: A = tracer.patient("first", values)
        return chosen
    return values[0]


def quorum(n: int, /, *values: A, within: str) -> list[A | None]:
    """The first ``n`` values that are there, in the order they are written, nothing in the place of the others.

    Args:
        n: how many it takes; it fails where fewer are there in time.
        *values: values of one type.
        within: the most time, e.g. ``"2s"``, from when the first step that makes one of them is given its work.
    """
    tracer = active()
    if tracer:
        chosen: list[A | None] = tracer.patient("quorum", values, need=n, within=within)
        return chosen
    return [value if place < n else None for place, value in enumerate(values)]


def collect(stream: Iterator[A] | list[A], /) -> Many[A]:
    """All items of a step that yields, as one value; as an output of the dag they leave together, not as a stream.

    Args:
        stream: the value of a step that yields.
    """
    tracer = active()
    if tracer:
        whole: Many[A] = tracer.collect(stream)
        return whole
    return list(stream)
