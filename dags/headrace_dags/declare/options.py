"""Options exactly as the user wrote them. Nothing is judged here, so that decorating never raises; ``rules.options`` judges."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from headrace_dags.errors import Location

Device: TypeAlias = Literal["cpu", "gpu"]
StepForm: TypeAlias = Literal["function", "onnx", "tensorrt", "torchscript", "remote"]

RESOURCES = ("memory", "gpu_memory", "device", "slice")
BATCH = ("size", "wait")
CALLING = ("token", "headers", "inputs", "outputs", "timeout", "max_answer", "concurrency")
"""Names of options: of what an instance needs, of batches, of calls of an endpoint."""


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What a decorator or class header says of a step. The types are those asked for; the user may have written others.

    Attributes:
        memory: main memory of one instance, e.g. ``2Gi``; empty: not said.
        gpu_memory: GPU memory of one instance.
        device: where it runs.
        slice: the MIG partition it wants by name.
        max_items: the most items a body makes that returns or yields many.
        batched: whether the body takes batches.
        size: the most items of a batch.
        wait: how long a batch waits for more items.
        form: what the step is made of, as its decorator says.
        model: path of a model file, or URL of an endpoint, as written; empty for code.
        model_options: what the decorator says of a model file or endpoint besides, as written.
        unknown: names of options that do not exist.
    """

    memory: str = ""
    gpu_memory: str = ""
    device: Device = "cpu"
    slice: str = ""
    max_items: int | None = None
    batched: bool = False
    size: Any = None
    wait: Any = "0ms"
    form: StepForm = "function"
    model: str = ""
    model_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    unknown: tuple[str, ...] = ()

    @property
    def is_opened(self) -> bool:
        """Whether something is opened before the step runs: a model file, or a connection."""
        return self.form != "function"


def written(options: Mapping[str, Any], **more: Any) -> StepOptions:
    """The options as they stand in a decorator or class header, unknown ones set apart."""
    known = {name: value for name, value in options.items() if name in _NAMES}
    return StepOptions(**known, **more, unknown=tuple(name for name in options if name not in _NAMES))


def written_of_model(
    form: StepForm, model: Any, options: Mapping[str, Any], own: Collection[str], names: Collection[str]
) -> StepOptions:
    """The options of a step that is a model file or an endpoint.

    Args:
        form: which.
        model: its path or URL.
        options: as they stand in the decorator.
        own: names of the options that only this form has.
        names: names of the options that it shares with other steps.
    """
    shared = {name: value for name, value in options.items() if name in names}
    mine = {name: value for name, value in options.items() if name in own}
    unknown = tuple(name for name in options if name not in {*names, *own})
    batched = not options.keys().isdisjoint(BATCH)
    return StepOptions(
        **shared, batched=batched, form=form, model=model, model_options=MappingProxyType(mine), unknown=unknown
    )


_NAMES = frozenset({*RESOURCES, *BATCH, "max_items"})


@dataclass(frozen=True, slots=True)
class UseOptions:
    """What ``with_`` and ``tolerant`` say of one use of a step, and where they say so."""

    timeout: str | None = None
    retry: int | None = None
    isolate: bool = False
    location: Location | None = None
    name: str | None = None
    tolerant: Any = None
    idle: str | None = None
    cache: bool = False


def using(before: UseOptions | None, location: Location, **said: Any) -> UseOptions:
    """What was said of a use, and what is said of it now; an option that is left out stays as it was."""
    now = {name: value for name, value in said.items() if value is not None and value is not False}
    return replace(before or UseOptions(), **now, location=location)


def tolerating(use: UseOptions | None, min_success: Any, location: Location) -> UseOptions:
    """What was said of a use, and that some of its items may fail."""
    return replace(use or UseOptions(), tolerant=min_success, location=location)


def caller_names(depth: int = 2) -> dict[str, Any]:
    """The global names of the code that called the function which asks (``depth`` frames up)."""
    return sys._getframe(depth).f_globals  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def caller(depth: int = 2) -> Location:
    """The line that called the function which asks (``depth`` frames up)."""
    from headrace_dags.errors import Location

    return Location(*caller_line(depth + 1))


def caller_line(depth: int = 2) -> tuple[str, int]:
    """As :func:`caller`, file and line alone: decorating a step loads nothing besides."""
    frame = sys._getframe(depth)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # inspect.stack() reads files
    return frame.f_code.co_filename, frame.f_lineno
