"""Run the body of a dag with stand-ins, and note what it raises."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import CoroutineType, FunctionType, GeneratorType
from typing import Any, Final

from headrace_dags.rules import whole
from headrace_dags.trace.frames import raised_in
from headrace_dags.trace.witness import Witness

FAILED: Final = object()
"""Stands for the value of a body that raised."""


def run(tracer: Witness, given: Mapping[str, Any]) -> Any:
    """Run the body of the tracer's innermost dag with ``given``; gives :data:`FAILED` where it raises."""
    fn = tracer.scope.dag.fn
    if not isinstance(fn, FunctionType):
        tracer.failed = True
        return FAILED
    positional, keywords = _spread(fn, given)
    try:
        return _driven(fn(*positional, **keywords))
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
    """Note what the body raised, unless a misuse on the same line has been noted, of which it comes."""
    location = raised_in(error.__traceback__, tracer.scope.file) or tracer.here()
    if not tracer.told(location):
        tracer.notes.note(whole.dag_body(error), tracer.scope.declared.where, location)
