"""Configuration of class steps: annotated attributes to JSON and names of secrets, and those back to an instance."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin

from pydantic import JsonValue

from headrace_dags.declare import hints, sourcelines
from headrace_dags.declare.instance import State, config_names
from headrace_dags.declare.literals import Constant, as_constant
from headrace_dags.declare.notes import Notes
from headrace_dags.declare.stateful import Stateful
from headrace_dags.errors import DefinitionError, Location, Problem
from headrace_dags.graph import Port, PortType, SecretRef, StepRef
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.ports.spelling import UNIONS, written
from headrace_dags.ports.values import from_json_bytes
from headrace_dags.record import canonical
from headrace_dags.rules import classes as rules
from headrace_dags.rules import secrets as secret_rules
from headrace_dags.rules.signature import unresolved_name
from headrace_dags.secrets.environment import Environment
from headrace_dags.secrets.secret import Secret
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
        secret: whether it holds a secret.
    """

    name: str
    owner: type[Stateful]
    annotation: Any
    understood: Port | Misfit
    secret: bool = False

    @property
    def location(self) -> Location | None:
        """Its line."""
        header = self.owner.__headrace__.location
        return sourcelines.attribute(self.owner, header, self.name) if header else None


@dataclass(slots=True)
class Configuration:
    """What an instance is made of: JSON values and names of secrets, by attribute."""

    values: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    secrets: dict[str, SecretRef] = field(default_factory=dict[str, SecretRef])

    def put(self, name: str, found: Constant | SecretRef) -> None:
        """Take a value, in place of one that was there."""
        self.values.pop(name, None)
        self.secrets.pop(name, None)
        if isinstance(found, SecretRef):
            self.secrets[name] = found
        else:
            self.values[name] = found.value

    def into(self, ref: StepRef) -> StepRef:
        """The reference with this configuration."""
        return ref.model_copy(update={"config": self.values, "secrets": self.secrets})


def attributes(cls: type[Stateful]) -> dict[str, Attribute]:
    """The configuration a class declares, that of its bases first."""
    return {each.name: each for each in _read(cls)}


def _read(cls: type[Stateful]) -> Iterator[Attribute]:
    for name, owner in config_names(cls).items():
        found = hints.of_class(owner)
        if error := found.errors.get(name):
            annotation = owner.__annotations__[name]
            yield Attribute(name, owner, annotation, unresolved_name(annotation, error, hints.namespace(owner)))
            continue
        annotation = found.found[name]
        if _is_secret(annotation):
            shown = Port(name=name, type=PortType(kind="json", python="hr.Secret"))
            yield Attribute(name, owner, annotation, shown, secret=True)
        else:
            yield Attribute(name, owner, annotation, _understood(name, annotation))


def _is_secret(annotation: Any) -> bool:
    return annotation is Secret or (_may_be_none(annotation) and Secret in get_args(annotation))


def _may_be_none(annotation: Any) -> bool:
    """Whether an annotation is ``X | None``."""
    args = get_args(annotation)
    return get_origin(annotation) in UNIONS and len(args) == 2 and types.NoneType in args


def _understood(name: str, annotation: Any) -> Port | Misfit:
    """The port an attribute would be: text or JSON, one level deep."""
    parsed = parse(annotation)
    plain = isinstance(parsed, Parsed) and not (parsed.many or parsed.batch or parsed.stream)
    if isinstance(parsed, Parsed) and plain and parsed.type.kind in ("text", "json"):
        return parsed.port(name)
    return rules.config_type(name, written(annotation))


def defaults(cls: type[Stateful]) -> tuple[Configuration, tuple[Problem, ...]]:
    """The defaults of a class, and what is wrong with what it declares."""
    notes, config = Notes(), Configuration()
    for each in attributes(cls).values():
        where = f"{cls.__name__}.{each.name}"
        if isinstance(each.understood, Misfit):
            notes.note(each.understood, where, each.location)
        elif hasattr(cls, each.name):
            found = _written_down(each, each.understood, getattr(cls, each.name))
            if isinstance(found, Misfit):
                notes.note(found, where, each.location)
            else:
                config.put(each.name, found)
    return config, notes.problems


def configuration(cls: type[Stateful], state: State) -> tuple[Configuration, tuple[Problem, ...]]:
    """The configuration of an instance, and what is wrong with what it was given."""
    notes, declared = Notes(), attributes(cls)
    config = defaults(cls)[0]
    for value in state.positional:
        notes.note(rules.config_positional(shown(value)), cls.__name__, state.location)
    for name, value in state.config.items():
        found = _given(declared, name, value)
        if isinstance(found, Misfit):
            notes.note(found, f"{cls.__name__}.{name}" if name in declared else cls.__name__, state.location)
        elif found:
            config.put(name, found)
    for name in declared:
        if not hasattr(cls, name) and name not in state.config:
            notes.note(rules.config_missing(name), f"{cls.__name__}.{name}", state.location)
    return config, notes.problems


def _given(declared: Mapping[str, Attribute], name: str, value: Any) -> Constant | SecretRef | Misfit | None:
    """A given value as it is written down; nothing where the class is at fault and has been told."""
    if name not in declared:
        return rules.config_unknown(name, declared)
    port = declared[name].understood
    if is_standin(value):
        return rules.config_traced(shown(value))
    return None if isinstance(port, Misfit) else _written_down(declared[name], port, value)


def _written_down(attribute: Attribute, port: Port, value: Any) -> Constant | SecretRef | Misfit:
    """A value as it is written into the graph: JSON, or the name of a secret."""
    if isinstance(value, Secret):
        if not attribute.secret:
            return secret_rules.secret_unexpected(attribute.name, str(port))
        return secret_rules.secret_name(value.name) or SecretRef(secret=value.name)
    if attribute.secret:
        absent = value is None and _may_be_none(attribute.annotation)
        return Constant(None) if absent else secret_rules.secret_expected(attribute.name)
    constant = as_constant(port, attribute.annotation, value)
    return rules.config_value(str(port), constant.got) if isinstance(constant, Misfit) else constant


def configured(cls: type[S], ref: StepRef, environment: Environment) -> S:
    """An instance with the configuration that a graph holds, its secrets with their values; ``setup`` has not run.

    Raises:
        DefinitionError: the class does not declare such an attribute today.
        EnvironmentLack: a secret has no value.
        ValueMisfit: a value is not what the class declares today.
    """
    known = attributes(cls)
    if gone := [name for name in (*ref.config, *ref.secrets) if name not in known]:
        location = cls.__headrace__.location
        raise DefinitionError(rules.config_unknown(name, known).at(cls.__name__, location) for name in gone)
    values = {name: _restored(known[name], value) for name, value in ref.config.items()}
    secrets = {name: Secret.of(each.secret, environment) for name, each in ref.secrets.items()}
    return cls(**values, **secrets)


def _restored(attribute: Attribute, value: JsonValue) -> Any:
    """The Python value that JSON stands for; a secret is never among JSON, but its absence is."""
    return None if attribute.secret else from_json_bytes(attribute.annotation, canonical(value))
