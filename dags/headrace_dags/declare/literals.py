"""Python values in the graph: defaults, constants of a dag's body and configuration, written as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.values import ValueMisfit, check_value, to_json


@dataclass(frozen=True, slots=True)
class Constant:
    """A Python value as JSON."""

    value: JsonValue


def as_constant(port: Port, annotation: Any, value: Any) -> Constant | Misfit:
    """A default or constant as it is written into the graph.

    Args:
        port: the port it is for.
        annotation: the Python annotation of one item.
        value: the Python value.
    """
    if value is None and port.optional and not port.many:
        return Constant(None)
    if port.type.kind not in ("text", "json"):
        got = (
            f"the constant {value!r:.60}"
            if isinstance(value, (str, int, float))
            else f"a constant {type(value).__name__}"
        )
        return Misfit("constant-type", f"expects {port}", got, "Give an input of the dag, or the value of a step")
    try:
        return Constant(_json(port, annotation, check_value(port, annotation, value)))
    except ValueMisfit as misfit:
        item = f" (item {misfit.item})" if misfit.item >= 0 else ""
        return Misfit("constant-type", f"expects {port}", f"{misfit.got}{item}", f"Give a value that is {port}")


def _json(port: Port, annotation: Any, value: Any) -> JsonValue:
    """The JSON of a checked value; those that are JSON already are not written out and read again."""
    if value is None:
        return None
    if port.many:
        return [_json(port.model_copy(update={"many": False}), annotation, item) for item in value]
    if type(value) in (str, int, bool):
        return value  # type: ignore[no-any-return]
    return to_json(annotation, value)
