"""What Headrace keeps of class steps and their instances, and how their methods notice a trace and run ``setup`` once."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, get_origin

from headrace_dags.declare.options import StepOptions, UseOptions, written
from headrace_dags.trace.context import active

if TYPE_CHECKING:
    from headrace_dags.declare.draft import Declared
    from headrace_dags.errors import Location


@dataclass(frozen=True, slots=True)
class Header:
    """What a class header says.

    Attributes:
        options: the options, inherited ones included.
        location: the line of the class statement; ``None`` for the bases themselves.
        namespace: the names of its module, which another module of that name may have replaced since.
    """

    options: StepOptions = field(default_factory=StepOptions)
    location: Location | None = None
    namespace: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class State:
    """What is known of one instance of a class step.

    Attributes:
        config: the configuration as given, by name.
        positional: values given without a name, which is a mistake.
        location: the line that made the instance.
        use: what ``with_`` said.
        ready: whether ``setup`` has run.
        declared: its declaration, once computed.
    """

    config: Mapping[str, Any]
    positional: tuple[Any, ...] = ()
    location: Location | None = None
    use: UseOptions | None = None
    ready: bool = False
    declared: Declared | None = field(default=None, repr=False)

    def used(self, use: UseOptions) -> State:
        """The state of a copy of the instance with other options of use."""
        return replace(self, use=use)


def header_of(cls: type[Any], options: Mapping[str, Any], location: Location, namespace: dict[str, Any]) -> Header:
    """The header of a new class: its own options over those of its base.

    Args:
        cls: the class.
        options: what its header says.
        location: the line of the class statement.
        namespace: the names of the module that holds the statement.
    """
    inherited: StepOptions = cls.__headrace__.options
    own = written(options)
    named = {name: getattr(own, name) for name in options if name not in own.unknown}
    batched = any(base.__name__ == "StatefulBatch" for base in cls.__mro__)
    return Header(replace(inherited, **named, batched=batched, unknown=own.unknown), location, namespace)


def state_of(instance: Any) -> State:
    """The state of an instance; an empty one where the class has a constructor of its own, which a rule refuses."""
    state: State = instance.__dict__.setdefault("_headrace", State({}))
    return state


def config_names(cls: type[Any]) -> dict[str, type[Any]]:
    """Names of the annotated attributes that are configuration, base classes first, and the class that declares each."""
    found: dict[str, type[Any]] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ != "headrace" and "__headrace__" in base.__dict__:
            found |= {name: base for name, noted in inspect.get_annotations(base).items() if _is_config(noted)}
    return found


def fresh_defaults(cls: type[Any]) -> dict[str, Any]:
    """Copies of the defaults that could be changed in place, so that no two instances share one."""
    values = {name: getattr(cls, name) for name in config_names(cls) if hasattr(cls, name)}
    return {name: copy.deepcopy(value) for name, value in values.items() if isinstance(value, (list, dict, set))}


def _is_config(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return "ClassVar" not in annotation.partition("[")[0]
    return getattr(get_origin(annotation) or annotation, "__name__", "") != "ClassVar"


def watch(cls: type[Any]) -> None:
    """Let the methods that a class itself writes notice a trace, and run ``setup`` before the first of them."""
    for name in ("__call__", "batch"):
        if name in cls.__dict__:
            setattr(cls, name, _watched(name, cls.__dict__[name]))
    if "setup" in cls.__dict__:
        type.__setattr__(cls, "setup", _watched_setup(cls.__dict__["setup"]))


def _watched(name: str, raw: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(raw)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        tracer = active()
        if tracer:
            return tracer.call(self, args, kwargs) if name == "__call__" else tracer.direct(self, name)
        if not state_of(self).ready:
            self.setup()
        return raw(self, *args, **kwargs)

    return method


def _watched_setup(raw: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(raw)
    def setup(self: Any) -> None:
        state = state_of(self)
        was, state.ready = state.ready, True  # before it runs, so that setup may warm up by calling the step
        try:
            raw(self)
        except BaseException:
            state.ready = was
            raise

    return setup
