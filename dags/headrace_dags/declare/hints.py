"""Evaluate annotations one by one, so that each name that cannot be found is told apart."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType, SimpleNamespace
from typing import Any, get_type_hints


@dataclass(frozen=True, slots=True)
class Hints:
    """Evaluated annotations by name, and for the others what went wrong."""

    found: Mapping[str, Any]
    errors: Mapping[str, Exception]


def of_function(fn: FunctionType) -> Hints:
    """The annotations of a function; its return's name is ``return``."""
    return evaluate(fn.__annotations__, fn.__globals__)


def of_class(cls: type) -> Hints:
    """The annotations a class itself writes, without those of its bases."""
    return evaluate(inspect.get_annotations(cls), namespace(cls))


def namespace(cls: type) -> dict[str, Any]:
    """The names a class's annotations may use: those of its module."""
    header = getattr(cls, "__headrace__", None)
    return header.namespace if header else vars(sys.modules[cls.__module__])


def evaluate(annotations: Mapping[str, Any], namespace: dict[str, Any]) -> Hints:
    """Evaluate each annotation in ``namespace``, extras of ``Annotated`` included."""
    found: dict[str, Any] = {}
    errors: dict[str, Exception] = {}
    for name, annotation in annotations.items():
        try:
            found[name] = _evaluated(annotation, namespace)
        except Exception as error:  # noqa: BLE001  # the user's text may raise anything
            errors[name] = error
    return Hints(found, errors)


def _evaluated(annotation: Any, namespace: dict[str, Any]) -> Any:
    if annotation is None:
        return None
    holder = SimpleNamespace(__annotations__={"value": annotation})
    return get_type_hints(holder, globalns=namespace, include_extras=True)["value"]
