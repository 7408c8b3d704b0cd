"""The tracer: writes down every call of a step in a dag's body, and every mistake, and lets the body go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace_dags.declare import fields
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.draft import Declared
from headrace_dags.declare.instance import state_of
from headrace_dags.declare.joins import Case, Switch
from headrace_dags.declare.options import UseOptions
from headrace_dags.declare.reading import Parameter
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.understand import declared_of
from headrace_dags.errors import Location
from headrace_dags.graph import RESULT, Const, Input, JoinKind, Node, Options, Port, Use
from headrace_dags.misfit import Misfit
from headrace_dags.rules import joins, misuse, whole
from headrace_dags.rules import options as use_rules
from headrace_dags.rules import wiring as rules
from headrace_dags.trace import joining
from headrace_dags.trace.arguments import Site, bind, is_lost, judge, standins_in, switches_in
from headrace_dags.trace.body import run
from headrace_dags.trace.standin import Origin, StandIn, is_standin, origin_of
from headrace_dags.trace.witness import Scope, Witness


class Tracer(Witness):
    """One trace of one dag.

    Attributes:
        nodes: by name, in the order of their calls.
        sources: the line of each node's call.
        declarations: what each node runs.
        scope_of: the traced dag, or the dag called in its body, that the node came with.
        for_items: lines that are right only because their dag is mapped.
        switches: those that were begun and not ended yet, and the line that began each.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, Location] = {}
        self.declarations: dict[str, Declaration] = {}
        self.scope_of: dict[str, Scope] = {}
        self.for_items: set[Location] = set()
        self.switches: dict[int, tuple[Switch[Any, Any], Location]] = {}
        self._fields: dict[tuple[Use, str], StandIn] = {}
        self._names = Names()

    def call(self, step: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire one call of a step; gives what stands for its value."""
        return self._wire(step, args, kwargs)

    def map(self, step: Any, items: Sequence[Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire a step or dag that runs for each of the ``items``, of one axis or several in lockstep."""
        if isinstance(step, Dag):
            return self._map_dag(step, len(items), (*items, *args), kwargs)
        return self._wire(step, (*items, *args), kwargs, mapping=len(items))

    def direct(self, step: Stateful, method: str) -> StandIn:
        """Note that a method of a class step is called instead of the step."""
        name = type(step).__name__
        self.notes.note(misuse.traced_direct(name, method), name, self.here())
        return self.poison()

    def inline(self, dag: Dag[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire a dag that is called in this one: its body runs, and its nodes become nodes of this graph."""
        declared, location = declared_of(dag), self.here()
        if not self._may_nest(dag, declared, location):
            return self.results(declared, None)
        given = self._given(declared, self._bound(declared, args, kwargs, location), location)
        return self._nested(Scope(dag, declared, self.unique(declared.name), location), given)

    def _map_dag(self, dag: Dag[..., Any], count: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire a dag that runs for each item: its nodes become mapped nodes of this graph."""
        declared, location = declared_of(dag), self.here()
        mapped, args = self._mapped(declared, declared.where, location, count), _takeable(declared, count, args)
        if not self._may_nest(dag, declared, location):
            return self.results(declared, None, mapping=True)
        scope = Scope(dag, declared, self.unique(declared.name), location, mapped=True)
        bound = self._bound(declared, args, kwargs, location)
        if self._axes(bound.values()):
            self.notes.note(joins.deeper_axis(declared.where), declared.where, location)
        value = self._nested(scope, self._given(declared, bound, location, mapped, scope))
        if not is_standin(value):
            return self.results(declared, None, mapping=True)  # several outputs, which has been noted
        origin = origin_of(value)
        if origin.use and origin.port and origin.axis is not scope:
            self.notes.note(joins.constant_of_items(declared.where, str(origin)), declared.where, location)
            self.failed = True
        use = origin.use if origin.axis is scope else None
        port = origin.port.model_copy(update={"many": True}) if origin.port else None
        return StandIn(Origin(self, use, port, origin.annotation))

    def _may_nest(self, dag: Dag[..., Any], declared: Declared, location: Location) -> bool:
        """Whether the body of ``dag`` can run inside those that run; one that is among them is noted."""
        self.notes.add(declared.declaration.problems)
        if not any(dag.fn is scope.dag.fn for scope in self.scopes):
            return True
        self.notes.note(whole.dag_recursion(declared.where), self.scope.declared.where, location)
        return False

    def _nested(self, scope: Scope, given: Mapping[str, Any]) -> Any:
        self.scopes.append(scope)
        try:
            return run(self, given)
        finally:
            self.scopes.pop()

    def _wire(self, step: Any, args: Sequence[Any], kwargs: Mapping[str, Any], *, mapping: int = 0) -> Any:
        declared, location, use = declared_of(step), self.here(), self._use(step)
        self.notes.add(declared.declaration.problems)
        bound = self._bound(declared, _takeable(declared, mapping, args), kwargs, location)
        mapped = self._mapped(declared, _written(step, declared), location, mapping) if mapping else ()
        fed = self._fed(
            declared, bound, location, Site(self, declared.where, bool(mapping), _written(step, declared)), mapped
        )
        axis, fits = self._axis(declared, bound, location, mapped)
        mapped = mapped or tuple(name for name, value in bound.items() if is_standin(value) and origin_of(value).axis)
        # A dag that is called may be given a constant where its own trace, which is judged too, has a value.
        is_fed = len(self.scopes) > 1 or any(True for _ in standins_in([*args, *kwargs.values()]))
        options, tolerant = self._options(declared, use, location, mapped=bool(mapped), fed=is_fed)
        node = Node(
            name=self._named(declared, use, location),
            step=declared.declaration.ref,
            inputs=tuple(
                Input(port=each.port, binding=fed[each.name])
                for each in declared.parameters
                if each.port and each.name in fed
            ),
            outputs=tuple(_ports(declared, many=bool(mapped), optional=tolerant is not None)),
            mapped=mapped,
            tolerant=tolerant,
            options=options,
        )
        self.add(node, declared.declaration, location)
        lost = not fits or any(map(is_lost, bound.values()))
        if lost or not declared.signature.outputs:
            self.excused.add(Use(node=node.name, port=RESULT))
        name = None if lost else node.name
        return self.results(declared, name, mapping=bool(mapping), optional=tolerant is not None, axis=axis)

    def add(self, node: Node, declaration: Declaration, location: Location) -> None:
        """Write a node down."""
        self.nodes[node.name] = node
        self.sources[node.name] = location
        self.declarations[node.name] = declaration
        self.scope_of[node.name] = self.scopes[:2][-1]

    def results(
        self,
        declared: Declared,
        node: str | None,
        *,
        mapping: bool = False,
        optional: bool = False,
        axis: Scope | None = None,
    ) -> Any:
        """What stands for the value of a step or dag.

        Args:
            declared: the step or dag.
            node: the node that gives it; ``None`` where a mistake has hidden that.
            mapping: whether it is given once for each item.
            optional: whether items of it may be missing.
            axis: the mapped dag whose body sees it as one item.
        """
        noted = declared.signature.annotations
        return self.stand(
            declared,
            [
                Origin(
                    self, Use(node=node, port=port.name) if node else None, port, noted.get(f"out:{port.name}"), axis
                )
                for port in _ports(declared, many=mapping, optional=optional)
            ],
        )

    def stand(self, declared: Declared, origins: Sequence[Origin]) -> Any:
        """Stand-ins for outputs: one, or a NamedTuple of them; poison where the outputs are not known."""
        if not origins:
            return self.poison()
        made = [StandIn(origin) for origin in origins]
        several = declared.signature.result_class
        return tuple.__new__(several, made) if several else made[0]

    def switch(self, written: Switch[Any, Any], otherwise: Case | None) -> Any:
        """Wire a switch that is ended."""
        self.switches.pop(id(written), None)
        return joining.switch(self, written, otherwise)

    def continued(self, before: Switch[Any, Any] | None, now: Switch[Any, Any]) -> None:
        """Remember a switch that is begun, or has another case, until it is ended."""
        _, location = self.switches.pop(id(before), (now, self.here()))
        self.switches[id(now)] = (now, location)

    def when(self, condition: Any, value: Any) -> Any:
        """Wire a value that is there only where a condition holds."""
        return joining.when(self, condition, value)

    def patient(self, kind: JoinKind, values: Sequence[Any], *, within: Any = None, need: Any = 0) -> Any:
        """Wire a join that waits."""
        return joining.patient(self, kind, values, within, need)

    def collect(self, value: Any) -> Any:
        """The same value, which leaves the dag as a whole."""
        origin = origin_of(value) if is_standin(value) else None
        node = self.nodes.get(origin.use.node) if origin and origin.use else None
        if origin is None or (origin.port and not (node and node.step.yields)):
            self.notes.note(
                joins.collect_stream(str(origin) if origin else "no value of the dag"),
                self.scope.declared.where,
                self.here(),
            )
            self.excuse(value)
            return self.poison()
        return StandIn(replace(origin, collected=True))

    def field(self, value: StandIn, name: str) -> Any:
        """Wire the projection of a field; whatever has no fields is misused."""
        origin = origin_of(value)
        if (
            self.finished
            or not origin.use
            or not origin.port
            or origin.port.many
            or not fields.is_model(origin.annotation)
        ):
            return self._no_field(value, origin, name)
        if (origin.use, name) not in self._fields:
            self._fields[origin.use, name] = self._projection(value, origin, origin.use, name)
        found = origin_of(self._fields[origin.use, name])
        return StandIn(replace(found, axis=origin.axis))  # another map may ask again

    def _no_field(self, value: StandIn, origin: Origin, name: str) -> Any:
        """Note that a value has no fields in a dag, though one of its types may have."""
        several = origin.use and origin.port and origin.port.type.members and not origin.port.many
        if not several or self.finished:
            return super().field(value, name)
        return self.misused(value, lambda got: joins.field_of_several(name, got))

    def _projection(self, value: StandIn, origin: Origin, use: Use, name: str) -> StandIn:
        found = self._field_of(origin, name)
        if isinstance(found, Misfit):
            self.notes.note(found, self.scope.declared.where, self.here())
            self.excuse(value)
            return self.poison()
        port = found.signature.outputs[0]
        node = Node(
            name=self._names.unique(f"{use.node or use.port}_{name}"),
            step=found.ref,
            inputs=(Input(port=found.signature.inputs[0], binding=use),),
            outputs=(port.model_copy(update={"many": port.many or origin.axis is not None}),),
            mapped=(fields.VALUE,) if origin.axis else (),
        )
        self.add(node, found, self.here())
        annotation = found.signature.annotations[f"out:{port.name}"]
        return StandIn(Origin(self, Use(node=node.name, port=port.name), port, annotation, origin.axis))

    @staticmethod
    def _field_of(origin: Origin, name: str) -> Declaration | Misfit:
        model = origin.annotation
        if origin.port and origin.port.optional:
            return joins.field_missing(name, str(origin))
        if name not in fields.names(model):
            return joins.field_unknown(name, fields.names(model), model.__name__)
        if not fields.is_found(model):
            return joins.field_hidden(name, model.__name__)
        return fields.projection(model, name)

    def excuse(self, value: Any) -> None:
        """Do not hold what is in ``value`` unused or unfinished besides: a problem concerns it."""
        for written in switches_in(value):
            self.switches.pop(id(written), None)
            self.excuse([written.on, *(case.value for case in written.cases)])
        origins = [origin_of(each) for each in standins_in(value)]
        self.excused.update(each.use for each in origins if each.use and each.tracer is self)

    def _bound(
        self, declared: Declared, args: Sequence[Any], kwargs: Mapping[str, Any], location: Location
    ) -> dict[str, Any]:
        """The arguments by parameter; what does not bind is noted."""
        bound = bind(declared, args, kwargs)
        for name, misfit in bound.wrong:
            self.notes.note(misfit, f"{declared.where}.{name}" if name else declared.where, location)
        if bound.wrong or declared.is_open:
            self.excuse([*args, *kwargs.values()])
        return bound.values

    def _fed(
        self, declared: Declared, bound: Mapping[str, Any], location: Location, site: Site, mapped: Sequence[str]
    ) -> dict[str, Use | Const]:
        """What feeds each port, its default where nothing is given; what does not fit is noted and left out."""
        fed: dict[str, Use | Const] = {}
        for each in declared.parameters:
            if each.name in bound:
                found = self._judged(each, bound[each.name], location, site, mapped=each.name in mapped)
                if found:
                    fed[each.name] = found
            elif each.port and each.port.has_default:
                fed[each.name] = Const(value=each.port.default)
        return fed

    def _judged(
        self, parameter: Parameter, value: Any, location: Location, site: Site, *, mapped: bool = False
    ) -> Use | Const | None:
        found = judge(site, parameter, value, mapped=mapped)
        if isinstance(found, (Use, Const)):
            return found
        if found and not self._follows(value, location):
            self.notes.note(found, f"{site.step}.{parameter.name}", location)
        self.excuse(value)
        return None

    def _follows(self, value: Any, location: Location) -> bool:
        """Whether a constant comes of a misuse that has been told: the length of a value is no number of its own."""
        return not is_standin(value) and (
            self.told(location) or (self.gave_array and type(value).__module__ == "numpy")
        )

    def _given(
        self,
        declared: Declared,
        bound: Mapping[str, Any],
        location: Location,
        mapped: Sequence[str] = (),
        scope: Scope | None = None,
    ) -> dict[str, Any]:
        """What the body of a dag that is called in this one gets: stand-ins as it declares them, constants as they are.

        Args:
            declared: the dag.
            bound: its arguments.
            location: the line of the call.
            mapped: the parameters that it is mapped over, which stand for one item.
            scope: the dag's, where it is mapped.
        """
        site = Site(self, declared.where, mapping=bool(mapped))
        given: dict[str, Any] = {}
        for each in declared.parameters:
            if each.name not in bound:
                missing = StandIn(Origin(self, None, each.port, each.annotation))
                given[each.name] = missing if each.required else each.default
                continue
            value, is_mapped = bound[each.name], each.name in mapped
            found = self._judged(each, value, location, site, mapped=is_mapped)
            use = found if isinstance(found, Use) else None
            came = origin_of(value) if is_standin(value) else Origin(self)
            axis = scope if is_mapped else came.axis
            stand_in = StandIn(Origin(self, use, each.port, each.annotation, axis, came.collected))
            given[each.name] = value if isinstance(found, Const) else stand_in
        return given

    def _mapped(self, declared: Declared, written: str, location: Location, count: int) -> tuple[str, ...]:
        """The parameters that ``.map`` or ``.zip`` goes over; none where it cannot."""
        listed = declared.parameters[:count]
        ports = [each.port for each in listed] or [None]
        for misfit in rules.unmappable(written, ports, declared.signature):
            self.notes.note(misfit, declared.where, location)
        if len(listed) < count and not declared.is_open:
            self.notes.note(rules.map_nothing(count), declared.where, location)
        return tuple(each.name for each in listed)

    def _axis(
        self, declared: Declared, bound: Mapping[str, Any], location: Location, mapped: Sequence[str]
    ) -> tuple[Scope | None, bool]:
        """The mapped dag whose items are given to a step, which then runs for each of them; and whether it may.

        One item that is itself mapped over has been objected to.
        """
        axes = self._axes(value for name, value in bound.items() if name not in mapped)
        if not axes:
            return next(iter(self._axes(bound.values())), None), True
        wrong: list[Misfit] = []
        if mapped or any(port.many for port in declared.signature.outputs):
            wrong.append(joins.deeper_axis(declared.where))
        if len(axes) > 1:
            wrong.append(rules.foreign_value("items of another map", declared.where))
        for misfit in wrong:
            self.notes.note(misfit, declared.where, location)
            self.excuse(list(bound.values()))
        return axes[0], not wrong

    def _axes(self, values: Iterable[Any]) -> list[Scope]:
        found = (origin_of(value) for value in values if is_standin(value))
        return list(
            dict.fromkeys(origin.axis for origin in found if origin.axis and origin.use and origin.tracer is self)
        )

    def _use(self, step: Any) -> UseOptions | None:
        """What ``with_`` and ``tolerant`` said of this use."""
        if not isinstance(step, Stateful):
            use: UseOptions | None = step.use
            return use
        state = state_of(step)
        self.excuse([*state.config.values(), *state.positional])
        return state.use

    def _options(
        self, declared: Declared, use: UseOptions | None, location: Location, *, mapped: bool, fed: bool
    ) -> tuple[Options, float | None]:
        """The options of this use, and the least share of its items that must succeed."""
        place = use.location if use and use.location else location
        found, wrong = use_rules.use(use)
        tolerant, misfit = use_rules.tolerance(use, declared.where, found, mapped=mapped)
        if tolerant is not None and any(scope.mapped for scope in self.scopes):
            self.for_items.add(place)
        for each in (*wrong, misfit, use_rules.cacheable(found, declared.where, fed=fed)):
            self.notes.note(each, declared.where, place)
        return found, tolerant

    def _named(self, declared: Declared, use: UseOptions | None, location: Location) -> str:
        """The name of a node: that which ``with_`` gives it, else one made of the step's."""
        if use is None or use.name is None:
            return self.unique(declared.name)
        place = use.location or location
        if misfit := use_rules.node_name(use.name):
            self.notes.note(misfit, declared.where, place)
            return self.unique(declared.name)
        wanted = f"{self.scope.name}_{use.name}" if self.scope.name else use.name
        if wanted in self.nodes:
            self.notes.note(joins.name_taken(use.name), declared.where, place)
        return self._names.unique(wanted)

    def unique(self, name: str) -> str:
        """A name for a node, under the name of the dag whose body runs."""
        return self._names.unique(f"{self.scope.name}_{name}" if self.scope.name else name)


def _written(step: Any, declared: Declared) -> str:
    """How a step is written where it is called: a class step is made before."""
    return f"{declared.where}(...)" if isinstance(step, Stateful) else declared.where


def _takeable(declared: Declared, count: int, args: Sequence[Any]) -> Sequence[Any]:
    """The arguments of a map, without the axes that a step has no parameter for, which is told as that."""
    return args[: len(declared.parameters)] if len(declared.parameters) < count and not declared.is_open else args


def _ports(declared: Declared, *, many: bool, optional: bool) -> Iterable[Port]:
    """The output ports of a node: each item's result is one of many where it is mapped, and may be missing where it is
    tolerant.
    """
    for port in declared.signature.outputs:
        more = {"many": port.many or many, "optional": port.optional or optional}
        yield port.model_copy(update=more) if many or optional else port


class Names:
    """Names of nodes, each given once; a name that is taken is numbered from 2."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """``name``, or ``name_2`` and so on where it is taken."""
        found, number = name, self._last.get(name, 1)
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._last[name] = number
        self._taken.add(found)
        return found
