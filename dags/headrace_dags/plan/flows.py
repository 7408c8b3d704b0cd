"""The flows of a plan: each value that crosses a border, under one name and one wire wherever it shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from headrace_dags.graph import Port, Use
from headrace_dags.plan.feeding import batching_of
from headrace_dags.plan.model import Flow, Wire
from headrace_dags.plan.naming import Names, tensor_name
from headrace_dags.plan.segments import Joined
from headrace_dags.plan.wires import Traffic, wire_of
from headrace_dags.plan.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Border:
    """What a group of nodes takes and gives.

    Attributes:
        inputs: values made outside that its nodes take.
        outputs: values that its nodes make and others take or the dag gives; of a node that nobody listens to, all: a
            model without outputs cannot be served, and a tensor that nobody takes is refused in an ensemble.
    """

    inputs: tuple[Use, ...]
    outputs: tuple[Use, ...]


def alike(joined: Joined) -> dict[Use, frozenset[Use]]:
    """For each value that takes part in a join of the engine, all those that must travel as it does."""
    found: dict[Use, frozenset[Use]] = {}
    for place in joined.places:
        if not place.is_apart:
            continue
        uses = [each.binding for each in place.node.choices if isinstance(each.binding, Use)]
        uses.append(Use(node=place.name, port=place.node.outputs[0].name))
        group = frozenset(uses).union(*(found.get(use, frozenset()) for use in uses))
        found.update(dict.fromkeys(group, group))
    return found


@dataclass(frozen=True)
class Flows:
    """The flows of a plan.

    Attributes:
        wiring: the graph.
        joined: its segments.
    """

    wiring: Wiring
    joined: Joined

    @cached_property
    def by_use(self) -> Mapping[Use, Flow]:
        """The flow of every value of the graph, also of those that stay inside a model and never flow."""
        names = Names("_")
        together = alike(self.joined)
        return {use: self._flow(use, port, names, together) for use, port in self.wiring.axes.ports.items()}

    def of(self, uses: Iterable[Use]) -> tuple[Flow, ...]:
        """The flows of ``uses``."""
        return tuple(self.by_use[use] for use in uses)

    def border(self, numbers: Sequence[int]) -> Border:
        """The border around the nodes ``numbers``, ascending."""
        inside = {self.wiring.graph.nodes[number].name for number in numbers}
        nodes = [self.wiring.graph.nodes[number] for number in numbers]
        taken = dict.fromkeys(use for node in nodes for use in node.uses() if use.node not in inside)
        made = [Use(node=node.name, port=port.name) for node in nodes for port in node.outputs]
        given = (use for use in made if use in self._kept or not self._takers[use] <= inside)
        return Border(tuple(taken), tuple(given))

    def _flow(self, use: Use, port: Port, names: Names, together: Mapping[Use, frozenset[Use]]) -> Flow:
        """The flow of one value; all that one join may give travel in the same way, for nobody encodes them again."""
        ports = {each: self.wiring.axes.ports[each] for each in together.get(use, (use,))}
        optional = any(each.optional for each in ports.values())
        traffic = self._traffic(ports, optional=optional)
        wires: set[Wire] = {wire_of(each.type, traffic) for each in ports.values()}
        return Flow(
            name=names.give(tensor_name(use.node, use.port)),
            use=use,
            type=port.type,
            many=port.many,
            wire=next(iter(wires)) if len(wires) == 1 else wire_of(port.type, replace(traffic, mixed=True)),
            optional=optional,
            decides=use in self._deciding,
        )

    def _traffic(self, ports: Mapping[Use, Port], *, optional: bool) -> Traffic:
        numbers = [self.wiring.numbers[name] for use in ports for name in (*self._takers[use], use.node) if name]
        members = {self.joined.members.of_item[number] for number in numbers}
        segments = {self.joined.groups.of_item[member] for member in members}
        many = any(port.many for port in ports.values())
        at_a_door = any(port.many and (not use.node or use in self._results) for use, port in ports.items())
        return Traffic(many, not members.isdisjoint(self._batched), at_a_door or len(segments) > 1, optional)

    @cached_property
    def _deciding(self) -> frozenset[Use]:
        """The values that the engine chooses by."""
        found = (place.node.on for place in self.joined.places if place.is_apart)
        return frozenset(use for use in found if use)

    @cached_property
    def _results(self) -> frozenset[Use]:
        return frozenset(output.use for output in self.wiring.graph.outputs)

    @cached_property
    def _kept(self) -> frozenset[Use]:
        """The dag's results, and the outputs of nodes that nobody listens to."""
        made = ([Use(node=node.name, port=port.name) for port in node.outputs] for node in self.wiring.graph.nodes)
        unheard = (uses for uses in made if not any(self._takers[use] or use in self._results for use in uses))
        return self._results.union(*unheard)

    @cached_property
    def _takers(self) -> Mapping[Use, frozenset[str]]:
        """Names of the nodes that take each value."""
        consumers = self.wiring.graph.consumers
        return {use: frozenset(node.name for node in consumers.get(use, ())) for use in self.wiring.axes.ports}

    @cached_property
    def _batched(self) -> frozenset[int]:
        """Numbers of the members that batch across runs."""
        places, members = self.joined.places, self.joined.members.items
        found = (batching_of(tuple(places[number] for number in numbers)) for numbers in members)
        return frozenset(member for member, batching in enumerate(found) if batching)
