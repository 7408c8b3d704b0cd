"""Steps made of functions: ``@hr.step`` and ``@hr.batched``. Typed for checkers; decorating only remembers what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from headrace_dags.declare import plain
from headrace_dags.declare.options import (
    Device,
    StepOptions,
    UseOptions,
    caller,
    caller_line,
    tolerating,
    using,
    written,
)
from headrace_dags.trace.context import active

if TYPE_CHECKING:
    from headrace_dags.declare.draft import Declared
    from headrace_dags.ports.types import Many

__all__ = ("Step", "batched", "step")

P = ParamSpec("P")
Q = ParamSpec("Q")
A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Step(Generic[P, R_co]):
    """A typed unit of work made of a function; made by the decorators, never by hand.

    In the body of a dag a call wires the step; anywhere else it runs the function.

    Attributes:
        fn: the raw function.
        options: what the decorator says.
        line: file and line of the decorator.
        use: what ``with_`` and ``tolerant`` say.
        declared: its declaration, once computed.
        opened: the model of a model file, once it was called outside a dag.
    """

    __module__ = "headrace"
    fn: Callable[..., Any]

    def __init__(
        self, fn: Callable[..., Any], options: StepOptions, line: tuple[str, int], use: UseOptions | None = None
    ) -> None:
        self.fn = self.__wrapped__ = fn
        self.options = options
        self.line = line
        self.use = use
        self.declared: Declared | None = None
        self.opened: Callable[[Mapping[str, Any]], Any] | None = None
        self.__name__: str = getattr(fn, "__name__", type(fn).__name__)
        self.__qualname__: str = getattr(fn, "__qualname__", self.__name__)
        self.__module__ = getattr(fn, "__module__", "")
        self.__doc__ = getattr(fn, "__doc__", None)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Wire the step in a dag; run it elsewhere, a batched one with a batch of one."""
        tracer = active()
        result: R_co = tracer.call(self, args, kwargs) if tracer else plain.call(self, args, kwargs)
        return result

    def map(  # checkers know the items by a callable, and not by the class
        self: Callable[Concatenate[A, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        items: list[A],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the step for each of ``items``, in order; the other arguments are the same for all."""
        tracer = active()
        found: list[R]
        found = tracer.map(self, (items,), args, kwargs) if tracer else plain.map_(self, (items,), args, kwargs)
        return found

    def zip(  # as in map
        self: Callable[Concatenate[A, B, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        a: list[A],
        b: list[B],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the step for each pair of items of ``a`` and ``b``, which are as many; the other arguments are the same for all."""
        tracer = active()
        found: list[R]
        found = tracer.map(self, (a, b), args, kwargs) if tracer else plain.map_(self, (a, b), args, kwargs)
        return found

    def with_(  # noqa: PLR0913  # each is an option by name
        self,
        *,
        retry: int | None = None,
        timeout: str | None = None,
        isolate: bool = False,
        name: str | None = None,
        idle: str | None = None,
        cache: bool = False,
    ) -> Step[P, R_co]:
        """The same step with other options for this use; what is left out stays as it was.

        Args:
            retry: how many times it is tried again when it fails.
            timeout: how long one try may take, e.g. ``"30s"``.
            isolate: whether it is served apart from its neighbours.
            name: what its node is called in the graph.
            idle: of a step whose items leave the dag as a stream: how long the next one may take; ``"30s"`` where
                nothing is said.
            cache: whether its results are kept across runs, and given again for equal inputs and unchanged code.
        """
        said = {
            "retry": retry,
            "timeout": timeout,
            "isolate": isolate,
            "name": name,
            "idle": idle,
            "cache": cache,
        }
        return self._used(using(self.use, caller(), **said))

    def tolerant(self, *, min_success: float) -> Step[P, R_co | None]:
        """The same step, whose map lets some items fail: ``None`` stands in their place.

        Args:
            min_success: the least share of the items that must succeed, from 0 to 1.
        """
        changed: Step[P, R_co | None] = self._used(tolerating(self.use, min_success, caller()))
        return changed

    def _used(self, use: UseOptions) -> Step[P, R_co]:
        changed: Step[P, R_co] = Step(self.fn, self.options, self.line, use)
        changed.declared = self.declared
        return changed

    def __repr__(self) -> str:
        return f"<step {self.__module__}.{self.__qualname__}>"


class Decorate(Protocol):
    """What ``step(...)`` with options returns."""

    @overload
    def __call__(self, target: Callable[P, Iterator[R]], /) -> Step[P, Many[R]]: ...
    @overload
    def __call__(self, target: Callable[P, R], /) -> Step[P, R]: ...


class DecorateBatch(Protocol):
    """What ``batched(...)`` returns: the function takes and returns batches, its callers single items."""

    @overload
    def __call__(
        self, target: Callable[Concatenate[list[A], list[B], P], list[R]], /
    ) -> Step[Concatenate[A, B, P], R]: ...
    @overload
    def __call__(self, target: Callable[Concatenate[list[A], P], list[R]], /) -> Step[Concatenate[A, P], R]: ...


@overload
def step(target: Callable[P, Iterator[R]], /) -> Step[P, Many[R]]: ...
@overload
def step(target: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(
    *,
    memory: str = "",
    gpu_memory: str = "",
    device: Device = "cpu",
    slice: str = "",  # the field's word
    max_items: int | None = None,
) -> Decorate: ...
def step(target: Any = None, /, **options: Any) -> Any:
    """Make a step of a function: ``@hr.step``, or ``@hr.step(memory="2Gi")`` with options.

    A body that yields is a Many in a dag.

    Args:
        target: the function.
        **options: ``memory`` and ``gpu_memory`` of one instance (``"6Gi"``), ``device`` (``"cpu"`` or ``"gpu"``),
            ``slice`` (a MIG partition by name), ``max_items`` (the most items a yielding body makes).
    """
    return decorated(target, written(options), caller_line())


def decorated(target: Any, options: StepOptions, line: tuple[str, int]) -> Any:
    """A step; or what makes one, where the decorator was written with options.

    Args:
        target: what the decorator stands on; ``None`` where it was written with options. Any other value is an option
            without its name, which a rule refuses.
        options: what the decorator says.
        line: file and line of the decorator.
    """
    if callable(target):
        return Step(target, options, line)
    if target is not None:
        options = replace(options, unknown=(*options.unknown, repr(target)))
    return lambda fn: Step(fn, options, line)


if TYPE_CHECKING:

    def batched(  # noqa: PLR0913  # each is an option by name
        *,
        size: int,
        wait: str = "0ms",
        memory: str = "",
        gpu_memory: str = "",
        device: Device = "cpu",
        slice: str = "",  # noqa: A002
    ) -> DecorateBatch:
        """Make a step of a function that handles many items at once; see the definition below."""
        ...

else:

    def batched(target: Any = None, /, **options: Any) -> Any:
        """Make a step of a function that handles many items at once; its callers see single items.

        Args:
            target: the function, where the decorator was written without its options; a rule says so later.
            **options: ``size`` (the most items of a batch), ``wait`` (how long a batch waits for more items, ``"5ms"``)
                and the resources of :func:`step`.
        """
        return decorated(target, written(options, batched=True), caller_line())
