"""Steps made of classes: configuration as annotated attributes, ``setup`` where it serves, options in the class header."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Self, TypeVar, dataclass_transform

from headrace_dags.declare import plain
from headrace_dags.declare.instance import Header, State, fresh_defaults, header_of, state_of, watch
from headrace_dags.declare.options import Device, UseOptions, caller, caller_names, tolerating, using
from headrace_dags.trace.context import active

if TYPE_CHECKING:
    from headrace_dags.declare.steps import Step
    from headrace_dags.ports.types import Batch

__all__ = ("Stateful", "StatefulBatch")

P = ParamSpec("P")
Q = ParamSpec("Q")
A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")
S = TypeVar("S")


@dataclass_transform(kw_only_default=True)
class Stateful:
    """Base of steps that keep something between calls, e.g. a loaded model.

    Annotated attributes are the configuration: JSON values, with defaults or given by name to the constructor. ``setup``
    runs once, where the step serves, before the first call; ``__call__`` is the step.

    Options in the class header: ``memory``, ``gpu_memory``, ``device``, ``slice`` and ``max_items``, as in ``hr.step``.
    """

    __module__ = "headrace"

    if TYPE_CHECKING:
        __headrace__: ClassVar[Header]

        def __init_subclass__(
            cls,
            *,
            memory: str = "",
            gpu_memory: str = "",
            device: Device = "cpu",
            slice: str = "",  # noqa: A002  # the field's word
            max_items: int | None = None,
        ) -> None: ...

    else:
        __headrace__ = Header()  # without an annotation: those of class steps are read, and are configuration

        def __init_subclass__(cls, **options: Any) -> None:
            cls.__headrace__ = header_of(cls, options, caller(), caller_names())
            watch(cls)
            super().__init_subclass__()

        def __init__(self, *args: Any, **config: Any) -> None:
            self.__dict__["_headrace"] = State(config, args, caller())
            self.__dict__.update(fresh_defaults(type(self)) | config)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """Wire a step that writes no ``__call__``, which a rule objects to; elsewhere there is nothing to call."""
            tracer = active()
            if tracer is None:
                raise TypeError(f"{type(self).__name__} has no method __call__")
            return tracer.call(self, args, kwargs)

    def setup(self) -> None:
        """Load what the step keeps."""

    def map(  # type: ignore[misc]  # checkers see a step by its __call__
        self: Callable[Concatenate[A, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        items: list[A],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the step for each of ``items``, in order; the other arguments are the same for all."""
        tracer = active()
        found: list[R]
        found = tracer.map(self, (items,), args, kwargs) if tracer else plain.map_object(self, (items,), args, kwargs)
        return found

    def zip(  # type: ignore[misc]  # checkers see a step by its __call__
        self: Callable[Concatenate[A, B, Q], R],  # pyright: ignore[reportGeneralTypeIssues]
        a: list[A],
        b: list[B],
        /,
        *args: Q.args,
        **kwargs: Q.kwargs,
    ) -> list[R]:
        """Run the step for each pair of items of ``a`` and ``b``; see ``Step.zip``."""
        tracer = active()
        found: list[R]
        found = tracer.map(self, (a, b), args, kwargs) if tracer else plain.map_object(self, (a, b), args, kwargs)
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
    ) -> Self:
        """The same step with other options for this use; see ``Step.with_``."""
        said = {
            "retry": retry,
            "timeout": timeout,
            "isolate": isolate,
            "name": name,
            "idle": idle,
            "cache": cache,
        }
        return used(self, using(state_of(self).use, caller(), **said))

    def tolerant(  # type: ignore[misc]  # checkers see a step by its __call__
        self: Callable[P, R],  # pyright: ignore[reportGeneralTypeIssues]
        *,
        min_success: float,
    ) -> Step[P, R | None]:
        """The same step, whose map lets some items fail; see ``Step.tolerant``."""
        found: Any = used(self, tolerating(state_of(self).use, min_success, caller()))
        changed: Step[P, R | None] = found
        return changed


def used(step: S, use: UseOptions) -> S:
    """The same step with other options of use."""
    changed = copy.copy(step)
    changed.__dict__["_headrace"] = state_of(step).used(use)
    return changed


class StatefulBatch(Stateful, Generic[A, R]):
    """Base of class steps that handle many items at once; callers see single items.

    ``class Embed(hr.StatefulBatch[hr.Text, hr.Embedding], size=8, wait="5ms")`` writes ``batch``. Further options in the
    class header: ``size``, the most items of a batch, and ``wait``, how long a batch waits for more items.
    """

    __module__ = "headrace"

    if TYPE_CHECKING:

        def __init_subclass__(  # noqa: PLR0913  # each is an option by name
            cls,
            *,
            size: int = 0,
            wait: str = "0ms",
            memory: str = "",
            gpu_memory: str = "",
            device: Device = "cpu",
            slice: str = "",  # noqa: A002
        ) -> None: ...

    def batch(self, items: Batch[A], /) -> Batch[R]:  # noqa: ARG002  # subclasses take it
        """Handle a batch: as many results as ``items``, in their order. The step writes this."""
        raise TypeError(f"{type(self).__name__} has no method batch")

    def __call__(self, item: A, /) -> R:
        """Handle one item: a batch of one."""
        tracer = active()
        result: R = tracer.call(self, (item,), {}) if tracer else plain.batch_of_one(self, item)
        return result
