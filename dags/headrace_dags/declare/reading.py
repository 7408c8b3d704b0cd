"""From parameters and return annotations to ports; what cannot be understood is noted and left out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, Literal, TypeAlias, TypeGuard, get_args

from headrace_dags.declare import hints, sourcelines
from headrace_dags.declare.literals import as_constant
from headrace_dags.declare.notes import Notes
from headrace_dags.errors import Location
from headrace_dags.graph import RESULT, Port
from headrace_dags.misfit import Misfit
from headrace_dags.ports.annotations import Parsed, parse
from headrace_dags.rules import signature as rules

Form: TypeAlias = Literal["plain", "batched", "dag"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as a call must give it.

    Attributes:
        name: its name.
        kind: how it may be given, as ``inspect`` says.
        required: whether it has no default.
        default: the Python default.
        port: what it takes; ``None`` where its annotation was not understood, and anything goes.
        annotation: the Python annotation of one item.
        batch: whether the body takes a batch of it.
    """

    name: str
    kind: Any
    required: bool = True
    default: Any = None
    port: Port | None = None
    annotation: Any = None
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a step or dag returns.

    Attributes:
        ports: its outputs.
        annotations: the Python annotation of one item of each.
        result_class: the NamedTuple of several outputs.
        streams: whether the annotation is ``Iterator[...]``.
    """

    ports: tuple[Port, ...] = ()
    annotations: Mapping[str, Any] = field(default_factory=dict)
    result_class: type[tuple[Any, ...]] | None = None
    streams: bool = False


class Reader:
    """Reads the ports of one function.

    Args:
        fn: the function; for a class step its method.
        where: how messages call it.
        form: whether it sees batches, or is a dag.
        notes: where problems go.
        method: whether its first parameter is ``self``.
    """

    def __init__(self, fn: FunctionType, where: str, form: Form, notes: Notes, *, method: bool = False) -> None:
        self.fn, self.where, self.form, self._notes = fn, where, form, notes
        self.hints = hints.of_function(fn)
        self._method = method

    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters in order; variadic ones are noted and left out."""
        listed = list(inspect.signature(self.fn).parameters.values())
        read = [self._parameter(each) for each in listed[1 if self._method else 0 :]]
        found = tuple(each for each in read if each)
        return self._batches_first(found) if self.form == "batched" else found

    @property
    def is_open(self) -> bool:
        """Whether it takes any number of arguments, which is noted and then let pass."""
        return bool(self.fn.__code__.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS))

    def _parameter(self, parameter: inspect.Parameter) -> Parameter | None:
        location = sourcelines.parameter
        if misfit := rules.variadic_parameter(parameter):
            self._note(parameter.name, misfit, location)
            return None
        required = parameter.default is inspect.Parameter.empty
        bare = Parameter(parameter.name, parameter.kind, required, None if required else parameter.default)
        parsed = self._parsed(parameter.name)
        if isinstance(parsed, Misfit):
            self._note(parameter.name, parsed, location)
            return bare
        return self._with_port(bare, parsed)

    def _with_port(self, bare: Parameter, parsed: Parsed) -> Parameter:
        port = parsed.port(bare.name)
        if not bare.required:
            port = self._with_default(port, parsed, bare.default)
        return Parameter(bare.name, bare.kind, bare.required, bare.default, port, parsed.item, parsed.batch)

    def _parsed(self, name: str) -> Parsed | Misfit:
        """What the annotation of a parameter says."""
        if error := self.hints.errors.get(name):
            return rules.unresolved_name(self.fn.__annotations__[name], error, self.fn.__globals__)
        if name not in self.hints.found:
            return rules.missing_annotation(name)
        parsed = parse(self.hints.found[name])
        if isinstance(parsed, Parsed) and parsed.stream:
            return rules.iterator_parameter(parsed.item)
        if isinstance(parsed, Parsed) and parsed.batch and self.form != "batched":
            return rules.batch_in_plain(parsed.item, is_dag=self.form == "dag")
        return parsed

    def _with_default(self, port: Port, parsed: Parsed, default: Any) -> Port:
        constant = as_constant(port, parsed.item, default)
        if isinstance(constant, Misfit):
            self._note(port.name, rules.default_type(str(port), constant.got), sourcelines.parameter)
            return port
        return port.model_copy(update={"has_default": True, "default": constant.value})

    def _batches_first(self, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        """The parameters of a batched body; what the first takes is not known where it says no ``Batch``."""
        shared = [each.port is not None and not each.batch for each in parameters]
        for index, each in enumerate(parameters):
            if each.batch and any(shared[1:index]):
                self._note(each.name, rules.batch_after_single(), sourcelines.parameter)
        if not parameters or (parameters[0].port and not parameters[0].batch):
            name = parameters[0].name if parameters else ""
            got = str(parameters[0].port) if parameters else "no parameter"
            self._notes.note(rules.batch_first(got), self._place(name), sourcelines.parameter(self.fn, name))
            return (*(replace(each, port=None) for each in parameters[:1]), *parameters[1:])
        return parameters

    def outputs(self, *, yields: bool) -> Outputs:
        """What the function returns; nothing where that was not understood."""
        location = sourcelines.annotated_return(self.fn)
        found = self._returned(yields=yields)
        if isinstance(found, Misfit):
            self._notes.note(found, self.where, location)
            return Outputs()
        return found

    def _returned(self, *, yields: bool) -> Outputs | Misfit:
        if error := self.hints.errors.get("return"):
            return rules.unresolved_name(self.fn.__annotations__["return"], error, self.fn.__globals__)
        if "return" not in self.hints.found:
            return rules.missing_return(is_dag=self.form == "dag")
        returned = self.hints.found["return"]
        if returned is None and self.form == "dag":
            return rules.dag_without_outputs()
        if is_named_tuple(returned) and self.form != "batched":
            return rules.iterator_annotation(returned, yields=yields, streams=False) or self._several(returned)
        return self._single(returned, yields=yields)

    def _single(self, returned: Any, *, yields: bool) -> Outputs | Misfit:
        args = get_args(returned)
        inner = get_args(args[0])[0] if args and get_args(args[0]) else args[0] if args else None
        if is_named_tuple(inner):
            return rules.several_per_item(returned)
        parsed = parse(returned)
        if isinstance(parsed, Misfit):
            return parsed
        if misfit := self._wrong_axis(parsed, returned, yields=yields):
            return misfit
        return Outputs((parsed.port(RESULT),), {RESULT: parsed.item}, None, parsed.stream)

    def _wrong_axis(self, parsed: Parsed, returned: Any, *, yields: bool) -> Misfit | None:
        if self.form == "batched":
            return None if parsed.batch else rules.batch_return(returned)
        if parsed.batch:
            return rules.batch_in_plain(parsed.item, is_dag=self.form == "dag")
        if parsed.stream and self.form == "dag":
            return rules.iterator_parameter(parsed.item)
        return rules.iterator_annotation(returned, yields=yields, streams=parsed.stream)

    def _several(self, returned: type[tuple[Any, ...]]) -> Outputs:
        """The fields of a NamedTuple; each that is not understood is noted, and then none counts."""
        fields = hints.of_class(returned)
        ports: list[Port] = []
        annotations: dict[str, Any] = {}
        for name in getattr(returned, "_fields", ()):
            parsed = self._field(returned, fields, name)
            if isinstance(parsed, Misfit):
                self._notes.note(parsed, f"{self.where}.{name}", sourcelines.annotated_return(self.fn))
                continue
            ports.append(parsed.port(name))
            annotations[name] = parsed.item
        complete = len(ports) == len(getattr(returned, "_fields", ()))
        return Outputs(tuple(ports), annotations, returned) if complete else Outputs()

    def _field(self, returned: type, fields: hints.Hints, name: str) -> Parsed | Misfit:
        if error := fields.errors.get(name):
            return rules.unresolved_name(returned.__annotations__[name], error, hints.namespace(returned))
        if name not in fields.found:
            return rules.missing_annotation(name)
        parsed = parse(fields.found[name])
        if isinstance(parsed, Parsed) and parsed.stream:
            return rules.iterator_parameter(parsed.item)
        if isinstance(parsed, Parsed) and parsed.batch:
            return rules.batch_in_plain(parsed.item, is_dag=self.form == "dag")
        return parsed

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if name else self.where

    def _note(self, name: str, misfit: Misfit, location: Callable[[FunctionType, str], Location]) -> None:
        self._notes.note(misfit, self._place(name), location(self.fn, name))


def is_named_tuple(annotation: Any) -> TypeGuard[type[tuple[Any, ...]]]:
    """Whether an annotation is a NamedTuple: several outputs."""
    return isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_fields")
