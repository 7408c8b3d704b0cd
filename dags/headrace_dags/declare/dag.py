"""Dags: ``@hr.dag``. A function that wires steps; its body runs only to be traced, on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from headrace_dags.declare.options import caller_line
from headrace_dags.trace.context import active

if TYPE_CHECKING:
    from headrace_dags.declare.draft import Declared
    from headrace_dags.graph import Graph
    from headrace_dags.running.interpret import Interpreter
    from headrace_dags.trace.tracing import Traced

__all__ = ("Dag", "dag")

P = ParamSpec("P")
Q = ParamSpec("Q")
A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Dag(Generic[P, R_co]):
    """A function that wires steps; made by the decorator, never by hand.

    Called in another dag it is wired into that; called with values it runs here, step by step.

    Attributes:
        fn: the raw function.
        line: file and line of the decorator.
        deadline: how long a run may take, as written.
        unknown: options that do not exist, by name; a value without a name as it is written.
        declared: its declaration, once computed.
    """

    __module__ = "headrace"
    fn: Callable[..., Any]

    def __init__(
        self,
        fn: Callable[..., Any],
        line: tuple[str, int],
        deadline: str | None = None,
        unknown: tuple[str, ...] = (),
    ) -> None:
        self.fn = self.__wrapped__ = fn
        self.line = line
        self.deadline = deadline
        self.unknown = unknown
        self.declared: Declared | None = None
        self._traced: Traced | None = None
        self._interpreter: Interpreter | None = None
        self.__name__: str = getattr(fn, "__name__", type(fn).__name__)
        self.__qualname__: str = getattr(fn, "__qualname__", self.__name__)
        self.__module__ = getattr(fn, "__module__", "")
        self.__doc__ = getattr(fn, "__doc__", None)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Wire the dag into the dag that calls it; elsewhere run it on real values.

        Raises:
            DefinitionError: the dag is declared wrongly.
        """
        tracer = active()
        if tracer:
            wired: R_co = tracer.inline(self, args, kwargs)
            return wired
        from headrace_dags.trace.tracing import run_plainly

        result: R_co = run_plainly(self, args, kwargs)
        return result

    def map(  # checkers know the items by a callable, and not by the class
        self: Callable[Concatenate[A, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        items: list[A],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the dag for each of ``items``, in order; the other arguments are the same for all."""
        found: list[R] = _over(self, (items,), args, kwargs)
        return found

    def zip(  # as in map
        self: Callable[Concatenate[A, B, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        a: list[A],
        b: list[B],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the dag for each pair of items of ``a`` and ``b``, which are as many."""
        found: list[R] = _over(self, (a, b), args, kwargs)
        return found

    @property
    def traced(self) -> Traced:
        """The graph and the declarations of its nodes; traced once.

        Raises:
            DefinitionError: with everything that is wrong.
        """
        if self._traced is None:
            from headrace_dags.trace.tracing import trace

            self._traced = trace(self)
        return self._traced

    @property
    def interpreter(self) -> Interpreter:
        """The graph with its steps loaded; kept, so that a second plain call sets no class step up again.

        Raises:
            DefinitionError: with everything that is wrong.
        """
        if self._interpreter is None:
            from headrace_dags.running.interpret import Interpreter

            self._interpreter = Interpreter(self.traced.graph, self.traced.declarations)
        return self._interpreter

    @property
    def graph(self) -> Graph:
        """The graph; see :attr:`traced`.

        Raises:
            DefinitionError: with everything that is wrong.
        """
        return self.traced.graph

    def __repr__(self) -> str:
        return f"<dag {self.__module__}.{self.__qualname__}>"


class DecorateDag(Protocol):
    """What ``dag(...)`` with options returns."""

    def __call__(self, target: Callable[P, R], /) -> Dag[P, R]:
        """Make the dag."""
        ...


@overload
def dag(target: Callable[P, R], /) -> Dag[P, R]: ...
@overload
def dag(*, deadline: str | None = None) -> DecorateDag: ...
def dag(target: Any = None, /, *, deadline: Any = None, **unknown: Any) -> Any:
    """Make a dag of a function: ``@hr.dag``, or ``@hr.dag(deadline="10m")``.

    Args:
        target: the function, which calls steps and returns what they give.
        deadline: how long a run may take, e.g. ``"10m"``; no limit where it is left out.
        **unknown: options that do not exist; a rule says so when the dag is checked.
    """
    line = caller_line()
    if callable(target):
        return Dag(target, line, deadline, tuple(unknown))
    unnamed = () if target is None else (repr(target),)
    return lambda fn: Dag(fn, line, deadline, (*unknown, *unnamed))


def _over(dag: Any, axes: Sequence[Sequence[Any]], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a dag for each item of ``axes``, of several in lockstep."""
    if tracer := active():
        return tracer.map(dag, axes, args, kwargs)
    return [dag(*items, *args, **kwargs) for items in zip(*axes, strict=True)]
