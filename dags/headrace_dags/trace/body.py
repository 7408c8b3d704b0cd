"""Run the body of a dag with stand-ins, and note what it raises."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import CoroutineType, FunctionType, GeneratorType
from typing import Any, Final, TypeGuard

from pydantic import ValidationError

from headrace_dags.rules import whole, wiring
from headrace_dags.trace.frames import raised_in
from headrace_dags.trace.standin import is_standin
from headrace_dags.trace.witness import Witness

FAILED: Final = object()
"""Stands for the value of a body that raised."""


def run(tracer: Witness, given: Mapping[str, Any]) -> Any:
    """Run the body of the tracer's innermost dag with ``given``; gives :data:`FAILED` where it raises."""
    own = tracer.scope.own()
    if own is None:
        tracer.failed = True
        return FAILED
    positional, keywords = _spread(own, given)
    try:
        return _driven(tracer.scope.dag.fn(*positional, **keywords))
    except Exception as error:  # noqa: BLE001  # the user's code may raise anything
        _note(tracer, error)
        tracer.failed = True
        return FAILED


def _spread(fn: FunctionType, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments by name as a call wants them: positional-only parameters have no name."""
    only = {name for name, each in inspect.signature(fn).parameters.items() if each.kind is each.POSITIONAL_ONLY}
    return [given[name] for name in given if name in only], {
        name: value for name, value in given.items() if name not in only
    }


def _driven(value: Any) -> Any:
    """The value of a body; one that is a coroutine or a generator, which has been objected to, is run all the same."""
    if isinstance(value, GeneratorType):
        list(value)
        return FAILED
    if not isinstance(value, CoroutineType):
        return value
    try:
        value.send(None)
    except StopIteration as stop:
        return stop.value
    finally:
        value.close()
    return FAILED


def _note(tracer: Witness, error: Exception) -> None:
    """Note what the body raised, unless it comes of what has been noted: a misuse on that line, parameters like *args."""
    location = raised_in(error.__traceback__, tracer.scope.file) or tracer.here()
    if not tracer.told(location) and not tracer.scope.declared.is_open:
        misfit = wiring.traced_in_container(error.title) if _refused(error) else whole.dag_body(error)
        tracer.notes.note(misfit, tracer.scope.declared.where, location)


def _refused(error: Exception) -> TypeGuard[ValidationError]:
    """Whether a pydantic model was to be made of values of the dag."""
    return isinstance(error, ValidationError) and any(is_standin(each["input"]) for each in error.errors())
