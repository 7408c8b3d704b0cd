"""Projections: a field of a pydantic model as a step that reads it. Found again by import like any other step."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from headrace_dags.declare.declaration import Declaration, Signature
from headrace_dags.errors import Location
from headrace_dags.graph import RESULT, Port, StepRef
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import parse
from headrace_dags.ports.spelling import spelled

VALUE = "value"
"""The input port of a projection."""


def names(model: type[BaseModel]) -> Sequence[str]:
    """The fields that a projection may name."""
    return tuple(model.model_fields)


def is_model(annotation: Any) -> bool:
    """Whether a value has fields that can be projected."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def is_found(model: type[BaseModel]) -> bool:
    """Whether a model is found again by its name: one inside a function is not, nor is ``Box[int]``."""
    return all(part.isidentifier() for part in model.__qualname__.split("."))


def projection(model: type[BaseModel], name: str) -> Declaration | Misfit:
    """The declaration of the step that reads the field ``name`` of ``model``.

    Returns:
        What is wrong, where the field is nothing that travels.
    """
    whole, field = parse(model), parse(model.model_fields[name].annotation)
    if isinstance(whole, Misfit):
        return whole
    if isinstance(field, Misfit):
        return field
    annotations = MappingProxyType({f"in:{VALUE}": model, f"out:{RESULT}": field.item})
    signature = Signature((Port(name=VALUE, type=whole.type),), (field.port(RESULT),), annotations)
    ref = StepRef(target=spelled(model), form="field", config={"field": name})

    def read(value: Any) -> Any:
        return getattr(value, name)

    return Declaration(ref, signature, read, _location(model))


def _location(model: type[BaseModel]) -> Location:
    try:
        return Location(inspect.getsourcefile(model) or "<unknown>", inspect.getsourcelines(model)[1])
    except (OSError, TypeError):
        return Location("<unknown>", 1)
