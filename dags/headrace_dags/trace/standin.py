"""What stands for a value while a dag is traced. Whatever needs the value itself is a mistake, which the tracer notes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from headrace_dags.graph import RESULT, Port, Use
from headrace_dags.misfit import Misfit
from headrace_dags.rules import misuse
from headrace_dags.trace.frames import caller_opens, caller_spreads_keywords

if TYPE_CHECKING:
    from headrace_dags.trace.witness import Scope, Witness


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a value comes from.

    Attributes:
        tracer: the trace it belongs to.
        use: the node and port that give it; ``None`` where a mistake has hidden that, so that nothing more is said of it.
        port: what it is; ``None`` where that is not known either. In a dag that is mapped: what one item is.
        annotation: the Python annotation of one item.
        axis: the mapped dag whose body sees it as one item, while the graph knows it as many; ``None`` elsewhere.
        collected: whether it leaves the dag as a whole, though the step makes it item by item.
    """

    tracer: Witness
    use: Use | None = None
    port: Port | None = None
    annotation: Any = None
    axis: Scope | None = None
    collected: bool = False

    def __str__(self) -> str:
        if not self.port:
            return "a value"
        if not self.use:
            return str(self.port)
        if not self.use.node:
            return f"{self.port}, {'an item of ' if self.axis else ''}the input {self.use.port}"
        return f"{self.port} from {self.use.node if self.use.port == RESULT else self.use}"


class StandIn:
    """A value of a dag that is being traced. All it can do is be given to steps and be returned."""

    __slots__ = ("_headrace",)

    def __init__(self, origin: Origin) -> None:
        object.__setattr__(self, "_headrace", origin)

    def __bool__(self) -> bool:
        return origin_of(self).tracer.decide(self)

    def __iter__(self) -> Iterator[Any]:
        return origin_of(self).tracer.iterate(self)

    def __len__(self) -> int:
        _note(self, misuse.traced_length)
        return 1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # a question of Python's own, which may be answered with no
        if name == "keys" and caller_spreads_keywords():
            return _note(self, misuse.traced_keywords)
        return origin_of(self).tracer.field(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        _note(self, misuse.traced_attribute, name)

    def __delattr__(self, name: str) -> None:
        _note(self, misuse.traced_attribute, name)

    def __getitem__(self, key: Any) -> Any:
        return _note(self, misuse.traced_index)

    def __setitem__(self, key: Any, value: Any) -> None:
        _note(self, misuse.traced_index)

    def __delitem__(self, key: Any) -> None:
        _note(self, misuse.traced_index)

    def __contains__(self, item: Any) -> bool:
        _note(self, misuse.traced_operator, "in")
        return True

    def __call__(self, *_: Any, **__: Any) -> Any:  # noqa: D102  # nobody reads what a stand-in refuses
        return _note(self, misuse.traced_call)

    def __next__(self) -> Any:
        return _note(self, misuse.traced_iteration)

    def __reversed__(self) -> Iterator[Any]:
        return origin_of(self).tracer.iterate(self)

    def __await__(self) -> Generator[None, None, Any]:
        yield from ()  # makes this a generator, which is what await wants
        return _note(self, misuse.traced_await)

    def __enter__(self) -> Any:
        return _note(self, misuse.traced_with)

    def __exit__(self, *exception: object) -> None:
        """Leave what was never entered."""

    def __str__(self) -> str:
        _note(self, misuse.traced_format)
        return repr(self)

    def __format__(self, spec: str) -> str:
        _note(self, misuse.traced_format)
        return repr(self)

    def __repr__(self) -> str:
        return f"<{origin_of(self)}>"

    def __int__(self) -> int:
        _note(self, misuse.traced_number, "int")
        return 1

    def __float__(self) -> float:
        _note(self, misuse.traced_number, "float")
        return 1.0

    def __complex__(self) -> complex:
        _note(self, misuse.traced_number, "complex")
        return 1j

    def __index__(self) -> int:
        _note(self, misuse.traced_number, "int")
        if caller_opens():  # it would take any number for an open file, and close that
            raise TypeError
        return 1

    def __bytes__(self) -> bytes:
        _note(self, misuse.traced_number, "bytes")
        return b""

    def __fspath__(self) -> str:
        _note(self, misuse.traced_number, "os.fspath")
        return "\0"  # which can be carried on, and never be opened or made

    def __array__(self, *_: Any, **__: Any) -> Any:
        _note(self, misuse.traced_array)
        import numpy as np

        return np.zeros(())

    def __array_function__(self, *_: Any) -> Any:
        return _note(self, misuse.traced_array)

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        return _note(self, misuse.traced_array)

    def __copy__(self) -> StandIn:
        return self

    def __deepcopy__(self, memo: Any) -> StandIn:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a value of a dag that is being traced cannot be pickled")

    __hash__ = object.__hash__


def origin_of(value: StandIn) -> Origin:
    """Where a stand-in comes from."""
    origin: Origin = object.__getattribute__(value, "_headrace")
    return origin


def is_standin(value: object) -> bool:
    """Whether ``value`` stands for one. Asks its class only."""
    return type(value) is StandIn


def shown(value: object) -> str:
    """How a message calls a value: where a stand-in comes from, or what a constant is."""
    if isinstance(value, StandIn):
        return str(origin_of(value))
    return f"{value!r:.60}" if isinstance(value, (str, int, float, bool)) else f"a {type(value).__name__}"


def _note(value: StandIn, rule: Callable[..., Misfit], *details: str) -> Any:
    return origin_of(value).tracer.misused(value, rule, *details)


def _operator(sign: str) -> Callable[..., Any]:
    def operate(self: StandIn, *_: Any) -> Any:
        return _note(self, misuse.traced_operator, sign)

    return operate


_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>", "divmod": "divmod",
}  # fmt: skip
_OTHERS = {
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "neg": "-", "pos": "+", "invert": "~",
    "abs": "abs", "round": "round", "trunc": "trunc", "floor": "floor", "ceil": "ceil",
}  # fmt: skip

for _name, _sign in (*_BINARY.items(), *_OTHERS.items(), *((f"r{name}", sign) for name, sign in _BINARY.items())):
    setattr(StandIn, f"__{_name}__", _operator(_sign))
