"""Branches and joins of a dag's body, judged and written down as nodes without a step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from headrace_dags.declare.declaration import Declaration, Signature
from headrace_dags.declare.joins import Case, Switch
from headrace_dags.errors import Location
from headrace_dags.graph import ON, RESULT, TRUE, Input, Join, JoinKind, Node, Port, StepRef, Use
from headrace_dags.misfit import Misfit
from headrace_dags.ports.common import Common, common
from headrace_dags.rules import joins as rules
from headrace_dags.rules import options, wiring
from headrace_dags.trace.arguments import standins_in, unfinished
from headrace_dags.trace.standin import Origin, StandIn, is_standin, origin_of, shown

if TYPE_CHECKING:
    from headrace_dags.trace.tracer import Tracer

_WAITS: frozenset[JoinKind] = frozenset(("optional", "first", "quorum"))


@dataclass(slots=True)
class Joining:
    """One join being wired.

    Attributes:
        tracer: the trace.
        kind: which join.
        location: the line that writes it.
        fed: its inputs so far.
        wrong: whether something does not fit, so that nothing is known of its value.
    """

    tracer: Tracer
    kind: JoinKind
    location: Location
    fed: list[tuple[str, Origin]] = field(default_factory=list[tuple[str, Origin]])
    wrong: bool = False

    def note(self, misfit: Misfit | None, where: str = "", location: Location | None = None) -> None:
        """Note what a rule says; nothing is known of the value then."""
        if misfit:
            self.wrong = True
            self.tracer.notes.note(misfit, where or self.kind, location or self.location)

    def take(self, name: str, value: Any, location: Location | None = None) -> Origin | None:
        """An input of the join; nothing where it is none, which is noted."""
        origin = origin_of(value) if is_standin(value) else None
        if origin is None:
            self.note(self._unfit(value), f"{self.kind}.{name}", location)
        elif origin.tracer is not self.tracer:
            self.note(wiring.foreign_value(str(origin), origin.tracer.dag_name), f"{self.kind}.{name}", location)
        elif origin.use and origin.port:
            self.fed.append((name, origin))
            return origin
        self.wrong = True
        self.tracer.excuse(value)
        return None

    def _unfit(self, value: Any) -> Misfit | None:
        if list(standins_in(value)):
            return wiring.traced_in_container(type(value).__name__)
        if value is None:
            return rules.join_nothing(self.kind)
        return unfinished(value) or rules.join_constant(self.kind, shown(value))

    def done(self, join: Join, choices: Sequence[Origin], *, optional: bool) -> Any:
        """Write the join down; gives what stands for its value."""
        axes = {origin.axis for _, origin in self.fed if origin.axis}
        found = None
        if choices and not self.wrong:
            found = self._common(choices)
            self._check_axes(axes, choices, join)
        self.note(found if isinstance(found, Misfit) else None)
        if self.wrong or not isinstance(found, Common):
            self.tracer.excuse([StandIn(origin) for _, origin in self.fed])
            return self.tracer.poison()
        many = choices[0].port is not None and choices[0].port.many
        port = Port(name=RESULT, type=found.type, many=many or join.kind == "quorum", optional=optional)
        axis = next(iter(axes), None)
        node = Node(
            name=self.tracer.unique(self.kind),
            step=StepRef(target="", form="join"),
            inputs=tuple(Input(port=_port(name, origin), binding=_use(origin)) for name, origin in self.fed),
            outputs=(port.model_copy(update={"many": port.many or axis is not None}),),
            mapped=tuple(name for name, origin in self.fed if origin.axis),
            join=join,
        )
        self.tracer.add(node, self._declaration(node, found.annotation), self.location)
        return StandIn(Origin(self.tracer, Use(node=node.name, port=RESULT), port, found.annotation, axis))

    def _common(self, choices: Sequence[Origin]) -> Common | Misfit:
        return common([(origin.port.type, origin.annotation, str(origin)) for origin in choices if origin.port])

    def _check_axes(self, axes: Collection[Any], choices: Sequence[Origin], join: Join) -> None:
        """Whether all values are one, or all many, as the join can tell them apart."""
        if len(axes) > 1:
            self.note(wiring.foreign_value("items of another map", self.tracer.dag_name))
        many = [origin for origin in choices if origin.port and origin.port.many]
        single = [origin for origin in choices if origin.port and not origin.port.many]
        if self.kind in _WAITS and axes:
            lifted = next(origin for _, origin in self.fed if origin.axis)
            self.note(rules.join_axis(self.kind, f"{lifted}, for each item of a dag that is mapped"))
        elif many and self.kind in ("optional", "quorum"):
            self.note(rules.join_axis(self.kind, str(many[0])))
        elif many and join.decides and not join.total:
            self.note(rules.join_missing(self.kind, str(many[0])))
        elif many and single:
            self.note(rules.join_many(self.kind, str(many[0]), str(single[0])))
        elif many and axes:
            self.note(rules.join_deeper(self.kind, str(many[0])))
        elif axes and not (self.fed[0][1].axis or (join.total and all(origin.axis for origin in choices))):
            self.note(rules.switch_items(self.kind, str(self.fed[0][1])))

    def _declaration(self, node: Node, annotation: Any) -> Declaration:
        annotations = {f"in:{name}": origin.annotation for name, origin in self.fed}
        ports = tuple(each.port for each in node.inputs)
        signature = Signature(ports, node.outputs, MappingProxyType(annotations | {f"out:{RESULT}": annotation}))
        return Declaration(node.step, signature, _no_body, self.location)


def switch(tracer: Tracer, written: Switch[Any, Any], otherwise: Case | None) -> Any:
    """Wire a switch that was ended by ``otherwise``, or by ``end`` where there is none."""
    joining = Joining(tracer, "switch", tracer.here())
    on = joining.take(ON, written.on)
    enum = _enum(joining, on) if on else None
    keys: list[str | None] = []
    choices: list[Origin] = []
    for number, case in enumerate(written.cases, 1):
        location = Location(*case.line)
        key = _key(joining, enum, case.key, keys, location) if enum else None
        taken = joining.take(f"case{number}", case.value, location)
        if taken and key is not None:
            keys.append(key)
            choices.append(taken)
    missing = [each.name for each in enum if each.value not in keys] if enum else []
    if not written.cases:
        joining.note(rules.switch_empty())
    elif otherwise is None and missing and enum and not joining.wrong:
        joining.note(rules.switch_total(enum.__name__, missing))
    if otherwise and otherwise.value is not None and (taken := joining.take("otherwise", otherwise.value)):
        keys.append(None)
        choices.append(taken)
    total = not missing or None in keys
    optional = not total or any(each.port and each.port.optional for each in choices)
    return joining.done(Join(kind="switch", keys=tuple(keys), total=total), choices, optional=optional)


def when(tracer: Tracer, condition: Any, value: Any) -> Any:
    """Wire a value that is there only where a condition holds."""
    joining = Joining(tracer, "when", tracer.here())
    on, taken = joining.take(ON, condition), joining.take("value", value)
    if on and on.port and (on.port.type.python != "bool" or on.port.many or on.port.optional):
        joining.note(rules.when_condition(on.port, str(on)), f"when.{ON}")
    return joining.done(Join(kind="when", keys=(TRUE,)), [taken] if taken else [], optional=True)


def patient(tracer: Tracer, kind: JoinKind, values: Sequence[Any], within: Any = None, need: Any = 0) -> Any:
    """Wire a join that waits: ``optional``, ``first`` or ``quorum``."""
    joining = Joining(tracer, kind, tracer.here())
    within_s = options.duration("within", within, joining.note)
    names = ["value"] if kind == "optional" else [f"value{number}" for number in range(1, len(values) + 1)]
    taken = [found for name, value in zip(names, values, strict=True) if (found := joining.take(name, value))]
    if kind == "first" and len(values) < 2:
        joining.note(rules.join_count(kind, 2, len(values)))
    if kind == "quorum" and not (isinstance(need, int) and not isinstance(need, bool) and 0 < need <= len(values)):
        joining.note(rules.quorum_count(need, len(values)))
        need = 0
    optional = kind != "first" or any(each.port and each.port.optional for each in taken)
    return joining.done(Join(kind=kind, need=need, within_s=within_s), taken, optional=optional)


def _enum(joining: Joining, on: Origin) -> type[Enum] | None:
    """The Enum whose members the switch tells apart."""
    found = on.annotation
    if isinstance(found, type) and issubclass(found, str) and issubclass(found, Enum) and on.port:
        if on.port.many:
            joining.note(rules.switch_many(str(on)), f"switch.{ON}")
        elif on.port.optional:
            joining.note(rules.switch_optional(str(on)), f"switch.{ON}")
        return found
    joining.note(rules.switch_on(str(on)), f"switch.{ON}")
    return None


def _key(joining: Joining, enum: type[Enum], key: Any, known: Sequence[str | None], location: Location) -> str | None:
    """The key of a case as the graph knows it."""
    if not isinstance(key, enum):
        joining.note(rules.switch_key(shown(key), enum.__name__, (each.name for each in enum)), location=location)
        return None
    value = str(key.value)
    if value in known:
        joining.note(rules.switch_key_twice(f"{enum.__name__}.{key.name}"), location=location)
    return value


def _port(name: str, origin: Origin) -> Port:
    assert origin.port
    return origin.port.model_copy(update={"name": name, "has_default": False, "default": None})


def _use(origin: Origin) -> Use:
    assert origin.use
    return origin.use


def _no_body(*_: Any) -> Any:
    raise TypeError("a join runs no code")
