"""Configuration of class steps: annotated attributes to JSON, and JSON back to an instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import JsonValue

from headrace_dags.declare import hints, sourcelines
from headrace_dags.declare.instance import State, config_names
from headrace_dags.declare.literals import as_constant
from headrace_dags.declare.notes import Notes
from headrace_dags.declare.stateful import Stateful
from headrace_dags.errors import DefinitionError, Location, Problem
from headrace_dags.graph import Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.ports.spelling import written
from headrace_dags.ports.values import from_json_bytes
from headrace_dags.record import canonical
from headrace_dags.rules import classes as rules
from headrace_dags.rules.signature import unresolved_name
from headrace_dags.trace.standin import is_standin, shown

S = TypeVar("S", bound=Stateful)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An annotated attribute of a class step.

    Attributes:
        name: its name.
        owner: the class that declares it.
        annotation: its type.
        understood: the port it would be; a misfit where its type is no configuration.
    """

    name: str
    owner: type[Stateful]
    annotation: Any
    understood: Port | Misfit

    @property
    def location(self) -> Location | None:
        """Its line."""
        header = self.owner.__headrace__.location
        return sourcelines.attribute(self.owner, header, self.name) if header else None


def attributes(cls: type[Stateful]) -> dict[str, Attribute]:
    """The configuration a class declares, that of its bases first."""
    return {each.name: each for each in _read(cls)}


def _read(cls: type[Stateful]) -> Iterator[Attribute]:
    for name, owner in config_names(cls).items():
        found = hints.of_class(owner)
        if error := found.errors.get(name):
            annotation = owner.__annotations__[name]
            yield Attribute(name, owner, annotation, unresolved_name(annotation, error, hints.namespace(owner)))
        else:
            yield Attribute(name, owner, found.found[name], _understood(name, found.found[name]))


def _understood(name: str, annotation: Any) -> Port | Misfit:
    """The port an attribute would be: text or JSON, one level deep."""
    parsed = parse(annotation)
    plain = isinstance(parsed, Parsed) and not (parsed.many or parsed.batch or parsed.stream)
    if isinstance(parsed, Parsed) and plain and parsed.type.kind in ("text", "json"):
        return parsed.port(name)
    return rules.config_type(name, written(annotation))


def defaults(cls: type[Stateful]) -> tuple[dict[str, JsonValue], tuple[Problem, ...]]:
    """The defaults of a class as JSON, and what is wrong with what it declares."""
    notes, config = Notes(), dict[str, JsonValue]()
    for each in attributes(cls).values():
        where = f"{cls.__name__}.{each.name}"
        if isinstance(each.understood, Misfit):
            notes.note(each.understood, where, each.location)
        elif hasattr(cls, each.name):
            constant = as_constant(each.understood, each.annotation, getattr(cls, each.name))
            if isinstance(constant, Misfit):
                notes.note(rules.config_value(str(each.understood), constant.got), where, each.location)
            else:
                config[each.name] = constant.value
    return config, notes.problems


def configuration(cls: type[Stateful], state: State) -> tuple[dict[str, JsonValue], tuple[Problem, ...]]:
    """The configuration of an instance as JSON, and what is wrong with what it was given."""
    notes, declared = Notes(), attributes(cls)
    config = defaults(cls)[0]
    for value in state.positional:
        notes.note(rules.config_positional(shown(value)), cls.__name__, state.location)
    for name, value in state.config.items():
        found = _given(declared, name, value)
        if isinstance(found, Misfit):
            notes.note(found, f"{cls.__name__}.{name}" if name in declared else cls.__name__, state.location)
        else:
            config |= found
    for name in declared:
        if not hasattr(cls, name) and name not in state.config:
            notes.note(rules.config_missing(name), f"{cls.__name__}.{name}", state.location)
    return config, notes.problems


def _given(declared: Mapping[str, Attribute], name: str, value: Any) -> dict[str, JsonValue] | Misfit:
    """A given value as JSON by its name; nothing where the class is at fault and has been told."""
    if name not in declared:
        return rules.config_unknown(name, declared)
    port = declared[name].understood
    if is_standin(value):
        return rules.config_traced(shown(value))
    if isinstance(port, Misfit):
        return {}
    constant = as_constant(port, declared[name].annotation, value)
    return rules.config_value(str(port), constant.got) if isinstance(constant, Misfit) else {name: constant.value}


def configured(cls: type[S], config: Mapping[str, JsonValue]) -> S:
    """An instance with the configuration that a graph holds; ``setup`` has not run.

    Raises:
        DefinitionError: the class does not declare such an attribute today.
        ValueMisfit: a value is not what the class declares today.
    """
    known = attributes(cls)
    if gone := [name for name in config if name not in known]:
        location = cls.__headrace__.location
        raise DefinitionError(rules.config_unknown(name, known).at(cls.__name__, location) for name in gone)
    return cls(**{name: from_json_bytes(known[name].annotation, canonical(value)) for name, value in config.items()})
