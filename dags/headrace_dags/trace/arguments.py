"""The arguments of a call in a dag's body: bound as Python would, but without raising; and what feeds each port."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.draft import Declared
from headrace_dags.declare.joins import Switch
from headrace_dags.declare.literals import as_constant
from headrace_dags.declare.reading import Parameter, is_named_tuple
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.graph import Const, Port, Use
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import fits
from headrace_dags.rules import wiring as rules
from headrace_dags.rules.joins import optional_value, switch_open
from headrace_dags.rules.names import meant
from headrace_dags.trace.standin import Origin, StandIn, is_standin, origin_of, shown

_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments by parameter.

    Attributes:
        values: what was given, by name.
        wrong: what rules say, with the parameter it concerns (empty: the call as a whole).
    """

    values: dict[str, Any]
    wrong: list[tuple[str, Misfit]]


def bind(step: Declared, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Bound:
    """Bind ``args`` and ``kwargs`` to the parameters of ``step``. A misspelled name counts as the one it nearly is."""
    positional = [each.name for each in step.parameters if each.kind is not _KEYWORD_ONLY]
    bound = Bound(dict(zip(positional, args, strict=False)), [])
    if len(args) > len(positional) and not step.is_open:
        bound.wrong.append(("", rules.extra_argument(len(args), [each.name for each in step.parameters])))
    for name, value in kwargs.items():
        _by_name(bound, step, name, value)
    for each in step.parameters:
        if each.required and each.name not in bound.values:
            bound.wrong.append((each.name, rules.missing_argument(each.name, each.port)))
    return bound


def _by_name(bound: Bound, step: Declared, name: str, value: Any) -> None:
    names = [each.name for each in step.parameters]
    if name in bound.values:
        bound.wrong.append((name, rules.repeated_argument(name)))
    elif name in names:
        bound.values[name] = value
        if any(each.name == name and each.kind is _POSITIONAL_ONLY for each in step.parameters):
            bound.wrong.append((name, rules.keyword_argument(name)))
    elif not step.is_open:
        bound.wrong.append(("", rules.unknown_argument(name, names)))
        if (near := meant(name, names)) and near not in bound.values:
            bound.values[near] = value


@dataclass(frozen=True, slots=True)
class Site:
    """The call that an argument belongs to.

    Attributes:
        tracer: the trace that runs, by identity only.
        step: how messages call the step.
        mapping: whether the call is a ``.map``.
        written: how the step is written where it is called; as messages call it where that is left empty.
    """

    tracer: object
    step: str
    mapping: bool = False
    written: str = ""


def judge(site: Site, parameter: Parameter, value: Any, *, mapped: bool) -> Use | Const | Misfit | None:
    """What feeds ``parameter`` where ``value`` is given.

    Args:
        site: the call.
        parameter: the parameter; one without a port takes anything, since its annotation has been objected to.
        value: a stand-in or a constant.
        mapped: whether the call maps over this argument.

    Returns:
        What feeds the port; what is wrong; or nothing, where a mistake has been noted before.
    """
    if is_standin(value):
        return _standin(site, parameter, origin_of(value), mapped=mapped)
    if inside := list(standins_in(value)):
        return _container(value, inside)
    if misfit := unfinished(value):
        return misfit
    if mapped:
        return rules.map_constant(shown(value))
    if parameter.port is None:
        return None
    found = as_constant(parameter.port, parameter.annotation, value)
    return found if isinstance(found, Misfit) else Const(value=found.value)


def unfinished(value: Any) -> Misfit | None:
    """Whether a step stands in place of its value, or a switch that nobody ended."""
    if unfinished := next(switches_in(value), None):
        return switch_open(len(unfinished.cases))
    name = step_name(value)
    return rules.uncalled(name) if name else None


def _standin(site: Site, parameter: Parameter, origin: Origin, *, mapped: bool) -> Use | Misfit | None:
    if origin.tracer is not site.tracer:
        return rules.foreign_value(str(origin), origin.tracer.dag_name)
    if parameter.port is None or origin.port is None:
        return None
    if mapped and not origin.port.many:
        return rules.map_needs_many(parameter.port, origin.port, str(origin), site.written or site.step)
    misfit = rules.port_type(parameter.port, origin.port, str(origin)) or _missing(parameter.port, origin)
    return misfit or (None if mapped else _axis(site, parameter.port, origin, origin.port)) or origin.use


def _missing(port: Port, origin: Origin) -> Misfit | None:
    """Whether what may be missing is given where it must be there."""
    if origin.port is None or fits(port, origin.port):
        return None
    return optional_value(port, str(origin))


def _axis(site: Site, port: Port, origin: Origin, got: Port) -> Misfit | None:
    """Whether one or many are given where one or many are taken."""
    if got.many and not port.many:
        return rules.many_needs_map(port, str(origin), site.written or site.step, mapped=site.mapping)
    return rules.one_for_many(port, str(origin)) if port.many and not got.many else None


def _container(value: Any, inside: list[StandIn]) -> Misfit | None:
    """Stand-ins inside something else; nothing where a mistake has hidden what they are."""
    if is_lost(value):
        return None
    if is_named_tuple(type(value)):
        return rules.outputs_as_one(value._fields, " and ".join(map(shown, inside)))
    return rules.traced_in_container(type(value).__name__)


def step_name(value: Any) -> str:
    """How a step or dag that stands in place of its value is called; empty for anything else."""
    if isinstance(value, (Step, Dag)):
        return value.__name__
    if isinstance(value, Stateful):
        return f"{type(value).__name__}()"
    return f"{value.__name__}()" if isinstance(value, type) and issubclass(value, Stateful) else ""


def is_lost(value: Any) -> bool:
    """Whether a mistake has hidden what a value, or a stand-in inside it, is."""
    return any(origin_of(each).use is None for each in standins_in(value))


def switches_in(value: Any, depth: int = 3) -> Iterator[Switch[Any, Any]]:
    """The switches that nobody ended in a value, and in containers in it."""
    if isinstance(value, Switch):
        yield value
    elif depth and isinstance(value, (list, tuple, set, frozenset, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from switches_in(item, depth - 1)


def standins_in(value: Any, depth: int = 3) -> Iterator[StandIn]:
    """The stand-ins in a value, and in containers and dataclasses in it."""
    if isinstance(value, StandIn):
        yield value
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from standins_in(item, depth - 1)
    elif depth and isinstance(value, dict):
        yield from standins_in([*value, *value.values()], depth)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        yield from standins_in([getattr(value, each.name, None) for each in fields(value)], depth)
