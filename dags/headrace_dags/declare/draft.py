"""A declaration in the making: what all forms of steps have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, MappingProxyType
from typing import Any

from headrace_dags.declare.declaration import Declaration, Signature
from headrace_dags.declare.notes import Notes
from headrace_dags.declare.options import BATCH, CALLING, RESOURCES, StepOptions
from headrace_dags.declare.reading import Outputs, Parameter, Reader
from headrace_dags.errors import Location
from headrace_dags.graph import Form, StepRef
from headrace_dags.misfit import Misfit
from headrace_dags.rules import options as rules
from headrace_dags.rules.defaults import changed_defaults
from headrace_dags.rules.signature import unknown_option

_STEP_OPTIONS = [*RESOURCES, "max_items"]
_BATCH_OPTIONS = [*BATCH, *RESOURCES]
_MODEL_OPTIONS = {
    "onnx": _BATCH_OPTIONS,
    "tensorrt": [*BATCH, "memory", "gpu_memory", "slice"],
    "torchscript": _BATCH_OPTIONS,
    "remote": [*CALLING, "size"],
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration, and what tracing needs besides.

    Attributes:
        name: what nodes are named after.
        where: how messages call it.
        declaration: what others see.
        parameters: how a call gives its inputs.
        is_open: whether arguments it does not know are let pass, a problem having been noted.
    """

    name: str
    where: str
    declaration: Declaration
    parameters: tuple[Parameter, ...]
    is_open: bool = False

    @property
    def signature(self) -> Signature:
        """Its ports."""
        return self.declaration.signature


@dataclass(slots=True)
class Draft:
    """A step or dag being read.

    Attributes:
        body: the function or class as the user wrote it.
        location: its ``def`` or ``class`` line.
        name: what it is called.
        notes: problems so far.
        parameters: its parameters, once read.
        outputs: what it returns, once read.
        is_open: whether arguments it does not know are let pass; so it is while nothing has been read.
    """

    body: Callable[..., Any]
    location: Location
    name: str
    notes: Notes = field(default_factory=Notes)
    parameters: tuple[Parameter, ...] = ()
    outputs: Outputs = field(default_factory=Outputs)
    is_open: bool = True

    def note(self, *misfits: Misfit | None) -> None:
        """Note what rules said of the step as a whole."""
        for misfit in misfits:
            self.notes.note(misfit, self.name, self.location)

    def read(self, reader: Reader, *, yields: bool = False) -> None:
        """Take the ports of a function or method."""
        self.parameters = reader.parameters()
        self.outputs = reader.outputs(yields=yields)
        self.is_open = reader.is_open
        if reader.form != "dag":
            self._look_for_changed_defaults(reader.fn)

    def _look_for_changed_defaults(self, fn: FunctionType) -> None:
        for name, misfit, line in changed_defaults(fn):
            self.notes.note(misfit, f"{self.name}.{name}", Location(fn.__code__.co_filename, line))

    def ref(self, form: Form, written: StepOptions) -> StepRef:
        """How a node finds the step again, with its resources and batching."""
        resources, wrong = rules.resources(written)
        batching, wrong_batch = rules.batching(written) if written.batched else (None, [])
        known = _MODEL_OPTIONS.get(written.form) or (_BATCH_OPTIONS if written.batched else _STEP_OPTIONS)
        self.note(*wrong, *wrong_batch, *(unknown_option(name, known) for name in written.unknown))
        many = any(port.many for port in self.outputs.ports)
        if self.outputs.ports:
            self.note(rules.max_items(written, many=many))
        return StepRef(
            target=f"{self.body.__module__}:{self.body.__qualname__}",
            form=form,
            yields=self.outputs.streams,
            max_items=written.max_items if many and isinstance(written.max_items, int) else None,
            batching=batching,
            batch_ports=self._batch_ports() if written.batched else (),
            resources=resources,
        )

    def _batch_ports(self) -> tuple[str, ...]:
        """The ports that get a batch; the first where the annotations do not say so, which has been noted."""
        return tuple(each.name for each in self.parameters if each.batch) or tuple(
            each.name for each in self.parameters[:1]
        )

    def done(self, ref: StepRef, name: str = "") -> Declared:
        """The finished declaration; ``name`` is what nodes are named after."""
        inputs = tuple(each.port for each in self.parameters if each.port)
        annotations = {f"in:{each.name}": each.annotation for each in self.parameters if each.port}
        annotations |= {f"out:{port}": annotation for port, annotation in self.outputs.annotations.items()}
        signature = Signature(inputs, self.outputs.ports, MappingProxyType(annotations), self.outputs.result_class)
        declaration = Declaration(ref, signature, self.body, self.location, self.notes.problems)
        return Declared(name or identifier(self.name), self.name, declaration, self.parameters, self.is_open)


def identifier(name: str) -> str:
    """A name for nodes from any name: ``<lambda>`` becomes ``lambda_``."""
    plain = re.sub(r"\W", "", name) or "step"
    return plain if plain.isidentifier() and plain != "lambda" else f"{plain}_"


def snake_case(name: str) -> str:
    """``ReadSlide`` as ``read_slide``, ``HTTPGet`` as ``http_get``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
