"""The tracer: writes down every call of a step in a dag's body, and every mistake, and lets the body go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.draft import Declared
from headrace_dags.declare.instance import state_of
from headrace_dags.declare.options import UseOptions
from headrace_dags.declare.reading import Parameter
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.understand import declared_of
from headrace_dags.errors import Location
from headrace_dags.graph import RESULT, Const, Input, Node, Options, Port, Use
from headrace_dags.rules import misuse, options, whole
from headrace_dags.rules import wiring as rules
from headrace_dags.trace.arguments import Site, bind, is_lost, judge, standins_in
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
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, Location] = {}
        self.declarations: dict[str, Declaration] = {}
        self.scope_of: dict[str, Scope] = {}
        self._names = Names()

    def call(self, step: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire one call of a step; gives what stands for its value."""
        return self._wire(step, args, kwargs, mapping=False)

    def map(self, step: Any, items: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire a step that runs for each of ``items``; gives what stands for many values."""
        return self._wire(step, (items, *args), kwargs, mapping=True)

    def direct(self, step: Stateful, method: str) -> StandIn:
        """Note that a method of a class step is called instead of the step."""
        name = type(step).__name__
        self.notes.note(misuse.traced_direct(name, method), name, self.here())
        return self.poison()

    def inline(self, dag: Dag[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Wire a dag that is called in this one: its body runs, and its nodes become nodes of this graph."""
        declared, location = declared_of(dag), self.here()
        self.notes.add(declared.declaration.problems)
        if any(dag.fn is scope.dag.fn for scope in self.scopes):
            self.notes.note(whole.dag_recursion(declared.where), self.scope.declared.where, location)
            return self.results(declared, None)
        bound = self._bound(declared, args, kwargs, location)
        given = self._given(declared, bound, location)
        self.scopes.append(Scope(dag, declared, self._unique(declared.name), location))
        try:
            return run(self, given)
        finally:
            self.scopes.pop()

    def _wire(self, step: Any, args: Sequence[Any], kwargs: Mapping[str, Any], *, mapping: bool) -> Any:
        declared, location = declared_of(step), self.here()
        self.notes.add(declared.declaration.problems)
        bound = self._bound(declared, args, kwargs, location)
        mapped = self._mapped(declared, _written(step, declared), location) if mapping else ""
        site = Site(self, declared.where, mapping, _written(step, declared))
        fed = self._fed(declared, bound, location, site, mapped)
        name = self._unique(declared.name)
        self.nodes[name] = Node(
            name=name,
            step=declared.declaration.ref,
            inputs=tuple(
                Input(port=each.port, binding=fed[each.name])
                for each in declared.parameters
                if each.port and each.name in fed
            ),
            outputs=_outputs(declared, mapping=mapping),
            mapped=mapped,
            options=self._options(step, declared, location),
        )
        self.sources[name] = location
        self.declarations[name] = declared.declaration
        self.scope_of[name] = self.scopes[:2][-1]
        lost = any(map(is_lost, bound.values()))
        if lost or not declared.signature.outputs:
            self.excused.add(Use(node=name, port=RESULT))
        return self.results(declared, None if lost else name, mapping=mapping)

    def results(self, declared: Declared, node: str | None, *, mapping: bool = False) -> Any:
        """What stands for the value of a step or dag.

        Args:
            declared: the step or dag.
            node: the node that gives it; ``None`` where a mistake has hidden that.
            mapping: whether it is given once for each item.
        """
        ports = _outputs(declared, mapping=mapping)
        uses = {port.name: Use(node=node, port=port.name) if node else None for port in ports}
        return self.stand(declared, ports, uses)

    def stand(self, declared: Declared, ports: Sequence[Port], uses: Mapping[str, Use | None]) -> Any:
        """Stand-ins for outputs: one, or a NamedTuple of them; poison where the outputs are not known."""
        if not ports:
            return self.poison()
        made = [StandIn(Origin(self, uses[port.name], port)) for port in ports]
        several = declared.signature.result_class
        return tuple.__new__(several, made) if several else made[0]

    def excuse(self, value: Any) -> None:
        """Do not hold what is in ``value`` unused besides: a problem concerns it."""
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
        self, declared: Declared, bound: Mapping[str, Any], location: Location, site: Site, mapped: str
    ) -> dict[str, Use | Const]:
        """What feeds each port, its default where nothing is given; what does not fit is noted and left out."""
        fed: dict[str, Use | Const] = {}
        for each in declared.parameters:
            if each.name in bound:
                found = self._judged(each, bound[each.name], location, site, mapped=each.name == mapped)
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

    def _given(self, declared: Declared, bound: Mapping[str, Any], location: Location) -> dict[str, Any]:
        """What the body of a dag that is called in this one gets: stand-ins as it declares them, constants as they are."""
        site = Site(self, declared.where)
        given: dict[str, Any] = {}
        for each in declared.parameters:
            if each.name not in bound:
                given[each.name] = StandIn(Origin(self, None, each.port)) if each.required else each.default
                continue
            found = self._judged(each, bound[each.name], location, site)
            use = found if isinstance(found, Use) else None
            given[each.name] = bound[each.name] if isinstance(found, Const) else StandIn(Origin(self, use, each.port))
        return given

    def _mapped(self, declared: Declared, written: str, location: Location) -> str:
        """The parameter that ``.map`` goes over; empty where it cannot."""
        first = declared.parameters[0] if declared.parameters else None
        for misfit in rules.unmappable(written, first.port if first else None, declared.signature):
            self.notes.note(misfit, declared.where, location)
        if first is None and not declared.is_open:
            self.notes.note(rules.map_nothing(), declared.where, location)
        return first.name if first else ""

    def _options(self, step: Any, declared: Declared, location: Location) -> Options:
        """What ``with_`` said of this use."""
        use: UseOptions | None
        if isinstance(step, Stateful):
            state = state_of(step)
            self.excuse([*state.config.values(), *state.positional])
            use = state.use
        else:
            use = step.use
        found, wrong = options.use(use)
        for misfit in wrong:
            self.notes.note(misfit, declared.where, use.location if use and use.location else location)
        return found

    def _unique(self, name: str) -> str:
        """A name for a node, under the name of the dag whose body runs."""
        return self._names.unique(f"{self.scope.name}_{name}" if self.scope.name else name)


def _written(step: Any, declared: Declared) -> str:
    """How a step is written where it is called: a class step is made before."""
    return f"{declared.where}(...)" if isinstance(step, Stateful) else declared.where


def _outputs(declared: Declared, *, mapping: bool) -> tuple[Port, ...]:
    """The output ports of a node; each item's result is one of many where it is mapped."""
    ports = declared.signature.outputs
    return tuple(port.model_copy(update={"many": True}) for port in ports) if mapping else ports


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
