"""Run the body of a dag with stand-ins, and judge what it raises or returns against what the dag declares."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pydantic import ValidationError

from headrace_dags.declare import sourcelines
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import fits
from headrace_dags.rules import whole, wiring
from headrace_dags.rules.blind import Names
from headrace_dags.rules.joins import switch_open
from headrace_dags.running.bodies import by_name
from headrace_dags.trace.arguments import is_lost, standins_in, step_name, switches_in
from headrace_dags.trace.frames import raised_in
from headrace_dags.trace.standin import Origin, is_standin, origin_of, shown

if TYPE_CHECKING:
    from headrace_dags.trace.tracer import Tracer

_FAILED: Final = object()
"""Stands for the value of a body that raised."""


def run(tracer: Tracer, given: Mapping[str, Any]) -> Any:
    """Run the body of the tracer's innermost dag with ``given``.

    Returns:
        What stands for the value of the dag, as it is declared; what the body raises, and what does not fit, is noted.
    """
    return _returned(tracer, _ran(tracer, given))


def _ran(tracer: Tracer, given: Mapping[str, Any]) -> Any:
    """What the body returns; :data:`_FAILED` where it raises."""
    if tracer.scope.own() is None:
        tracer.failed = True
        return _FAILED
    try:
        return _driven(by_name(tracer.scope.dag.fn)(given))
    except Exception as error:  # noqa: BLE001  # the user's code may raise anything
        _note_error(tracer, error)
        tracer.failed = True
        return _FAILED


def _driven(value: Any) -> Any:
    """The value of a body; one that is a coroutine or a generator, which has been objected to, is run all the same."""
    if isinstance(value, GeneratorType):
        list(value)
        return _FAILED
    if not isinstance(value, CoroutineType):
        return value
    try:
        value.send(None)
    except StopIteration as stop:
        return stop.value
    finally:
        value.close()
    return _FAILED


def _note_error(tracer: Tracer, error: Exception) -> None:
    """Note what the body raised, unless it comes of what has been noted: a misuse on that line, parameters like *args."""
    location = raised_in(error.__traceback__, tracer.scope.file) or tracer.here()
    if not tracer.told(location) and not tracer.scope.declared.is_open:
        misfit = (
            wiring.traced_in_container(error.title) if _refused(error) else whole.dag_body(error, tracer.scope.file)
        )
        tracer.notes.note(misfit, tracer.scope.declared.where, location)


def _refused(error: Exception) -> TypeGuard[ValidationError]:
    """Whether a pydantic model was to be made of values of the dag."""
    return isinstance(error, ValidationError) and any(is_standin(each["input"]) for each in error.errors())


def _returned(tracer: Tracer, value: Any) -> Any:
    """What stands for a value that the body returned."""
    declared = tracer.scope.declared
    ports, several = declared.signature.outputs, declared.signature.result_class
    if value is _FAILED or not ports:
        tracer.excuse(() if value is _FAILED else value)
        tracer.failed |= not ports and (is_lost(value) or not list(standins_in(value)))
        return tracer.results(declared, None)
    if several is None:
        origins = [_judged(tracer, declared.where, ports[0], value)]
    elif isinstance(value, several):
        pairs = zip(ports, value, strict=True)
        origins = [_judged(tracer, f"{declared.where}.{port.name}", port, each) for port, each in pairs]
    else:
        tracer.failed = True
        _note(tracer, declared.where, _no_fields(several, value), value)
        return tracer.results(declared, None)
    return tracer.stand(declared, origins)


def _judged(tracer: Tracer, where: str, port: Port, value: Any) -> Origin:
    """The value that gives ``port``, as the dag declares it; of one that does not fit nothing is known but that."""
    if not is_standin(value):
        tracer.failed = True
        _note(tracer, where, _forgotten(tracer, value) or _unmade(value), value)
        return Origin(tracer, None, port)
    origin = origin_of(value)
    tracer.failed |= origin.use is None or origin.tracer is not tracer
    if origin.tracer is not tracer:
        _note(tracer, where, wiring.foreign_value(str(origin), origin.tracer.dag_name), None)
    elif origin.port and not (fits(port, origin.port) and port.many == origin.port.many):
        _note(tracer, where, whole.dag_return_type(port, origin.port, str(origin)), value)
    elif origin.port:
        noted = tracer.scope.declared.signature.annotations.get(f"out:{port.name}")
        return replace(origin, port=port, annotation=noted or origin.annotation)
    return Origin(tracer, None, port)


def _forgotten(tracer: Tracer, value: Any) -> Misfit | None:
    """What is wrong with a body that ends with the call of a step and returns nothing."""
    fn = tracer.scope.own() if value is None else None
    last = sourcelines.last_call(fn) if fn else None
    if fn is None or last is None or Names(fn.__globals__, {}).what(last) != "value":
        return None
    return whole.dag_return("nothing", f"Write return {ast.unparse(last):.80}")


def _unmade(value: Any) -> Misfit:
    """What is wrong with a returned value that no step made."""
    if unfinished := next(switches_in(value), None):
        return switch_open(len(unfinished.cases))
    if name := step_name(value):
        return whole.dag_return(f"the step {name} itself", f"Call it: {name}(...)")
    if list(standins_in(value)):
        return whole.dag_return(_what(value), "Return a NamedTuple with a field for each, and declare that")
    return whole.dag_return(_what(value))


def _no_fields(several: type[tuple[Any, ...]], value: Any) -> Misfit | None:
    if is_standin(value) and origin_of(value).port is None:
        return None
    fields: tuple[str, ...] = getattr(several, "_fields", ())
    return whole.dag_return_fields(several.__name__, fields, _what(value))


def _what(value: Any) -> str:
    """How a message calls what was returned."""
    if value is None:
        return "nothing"
    inside = list(standins_in(value))
    if is_standin(value) or not inside:
        return shown(value) if is_standin(value) else f"the constant {shown(value)}"
    return f"a {type(value).__name__} of {' and '.join(map(shown, inside))}"


def _note(tracer: Tracer, where: str, misfit: Misfit | None, value: Any) -> None:
    fn = tracer.scope.own()
    tracer.notes.note(misfit, where, sourcelines.last_return(fn) if misfit and fn else None)
    tracer.excuse(value)
