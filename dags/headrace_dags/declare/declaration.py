"""What is known of one declared step: its reference, its typed signature and what is wrong with it. Data, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from headrace_dags.errors import Location, Problem
from headrace_dags.graph import Port, StepRef


@dataclass(frozen=True, slots=True)
class Signature:
    """The typed ports of a step or dag.

    Attributes:
        inputs: in the order of the parameters.
        outputs: one named ``result``, or the fields of ``result_class``.
        annotations: for each port name, inputs and outputs apart by the keys ``in:<name>`` and ``out:<name>``, the Python
            annotation of ONE item (without Many, Batch, Iterator): what JSON is validated against and handles are made of.
        result_class: the NamedTuple that holds several outputs; ``None`` for one.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    annotations: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    result_class: type[tuple[Any, ...]] | None = None

    def input(self, name: str) -> Port | None:
        """The input port ``name``, if there is one."""
        return next((port for port in self.inputs if port.name == name), None)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared step.

    Attributes:
        ref: how a node finds it again.
        signature: its ports; ports that could not be understood are left out and reported in ``problems``.
        body: the raw function; for a class step the class itself; for a model file the signature-only function.
        location: where it is declared.
        problems: what is wrong with the declaration.
    """

    ref: StepRef
    signature: Signature
    body: Callable[..., Any]
    location: Location
    problems: tuple[Problem, ...] = ()
