"""What a node's demand says is when it is needed: held against the choices of every join, counted out one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import branched
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_dags.demand import ALWAYS, Demand, Take, demands, joins_of, simplified, without
from headrace_dags.gates import Gates, gate
from headrace_dags.graph import ON, Input, Join, Node, Port, PortType, StepRef, Use

TEXT = PortType(kind="text")
ITEMS = 2
OTHER = "another key"
"""What a join finds that no key of it takes."""

Choice: TypeAlias = str | tuple[str, ...]
"""The key that a join finds, or one for each item."""


def use(node: str) -> Use:
    return Use(node=node, port="result")


def made(name: str, inputs: Mapping[str, str], lifted: Iterable[str] = (), join: Join | None = None) -> Node:
    """A node that takes the values of other nodes, those in ``lifted`` item by item; without a name, an input's."""
    taken = set(lifted)
    return Node(
        name=name,
        step=StepRef(target="", form="join" if join else "function"),
        inputs=tuple(
            Input(port=Port(name=port, type=TEXT), binding=use(source) if source else Use(node="", port="text"))
            for port, source in inputs.items()
        ),
        outputs=(Port(name="result", type=TEXT),),
        mapped=tuple(port for port, source in inputs.items() if source in taken),
        join=join,
    )


@dataclass(frozen=True)
class Drawn:
    """Nodes in order, those that are lifted, and the outputs."""

    nodes: tuple[Node, ...]
    lifted: frozenset[str]
    outputs: tuple[str, ...]

    @property
    def joins(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes if node.join}

    def demands(self) -> dict[str, Demand]:
        return demands(self.nodes, map(use, self.outputs))

    def deciding(self) -> set[str]:
        """The nodes that a choice may come from."""
        found = {node.on.node for node in self.nodes if node.on}
        for node in reversed(self.nodes):
            if node.name in found:
                found |= {each.node for each in node.uses()}
        return found


@st.composite
def drawn(draw: st.DrawFn, *, lifts: bool) -> Drawn:
    """A graph of steps and switches; with ``lifts`` some of them run for each item of an axis."""
    one, many = ["a", "b"], ["xs"] if lifts else []
    nodes = [made(name, {"text": ""}) for name in (*one, *many)]
    for number in range(draw(st.integers(1, 7))):
        name = f"n{number}"
        kinds = ["step", "switch"] + (["lift", "lifted switch", "fold"] if lifts else [])
        kind = draw(st.sampled_from(kinds))
        node = _drawn(draw, kind, name, one, many)
        nodes.append(node)
        (many if node.mapped else one).append(name)
    names = [node.name for node in nodes]
    outputs = draw(st.lists(st.sampled_from(names[-3:]), min_size=1, max_size=2, unique=True))
    return Drawn(tuple(nodes), frozenset(many), tuple(outputs))


def _drawn(draw: st.DrawFn, kind: str, name: str, one: list[str], many: list[str]) -> Node:
    some = st.lists(st.sampled_from(one), min_size=1, max_size=2)
    if kind == "step":
        return made(name, dict(zip("xy", draw(some), strict=False)))
    if kind == "fold":
        return made(name, {"whole": draw(st.sampled_from(many))})
    if kind == "lift":
        return made(name, {"x": draw(st.sampled_from(many)), "y": draw(st.sampled_from(one + many))}, many)
    keys = draw(st.permutations(["k1", "k2", "k3"]))[: draw(st.integers(1, 3))]
    sources = one + many if kind == "lifted switch" else one
    choices = {f"case{number}": draw(st.sampled_from(sources)) for number, _ in enumerate(keys, 1)}
    otherwise: tuple[str | None, ...] = ()
    if draw(st.booleans()):
        choices["otherwise"], otherwise = draw(st.sampled_from(sources)), (None,)
    join = Join(kind="switch", keys=(*keys, *otherwise), total=bool(otherwise) or len(keys) == 3)
    on = draw(st.sampled_from(many if kind == "lifted switch" else one))
    return made(name, {ON: on, **choices}, many, join)


def found(join: Node, key: str) -> str | None:
    """The key of a join that takes what it finds."""
    assert join.join
    return key if key in join.join.keys else None


def findable(join: Node) -> list[str]:
    assert join.join
    keys = [key for key in join.join.keys if key is not None]
    return keys if join.join.total and None not in join.join.keys else [*keys, OTHER]


def choices(graph: Drawn) -> Iterator[dict[str, Choice]]:
    """Everything that joins may find which run once."""
    ways = (findable(node) for node in graph.joins.values())
    return (dict(zip(graph.joins, way, strict=True)) for way in product(*ways))


def chosen(graph: Drawn) -> st.SearchStrategy[dict[str, Choice]]:
    """Something that the joins may find."""
    ways = {name: st.sampled_from(findable(node)) for name, node in graph.joins.items()}
    return st.fixed_dictionaries(
        {name: st.tuples(*[way] * ITEMS) if ON in graph.joins[name].mapped else way for name, way in ways.items()}
    )


def needed(graph: Drawn, choice: Mapping[str, Choice]) -> dict[str, set[int]]:
    """The items of each node that are needed, worked out from the outputs; those of a node that runs once are all or none."""
    items = {node.name: set[int]() for node in graph.nodes}
    for name in graph.outputs:
        items[name] |= set(range(ITEMS))
    for node in reversed(graph.nodes):
        for each in node.inputs:
            assert isinstance(each.binding, Use)
            if each.binding.node:
                places = {place for place in items[node.name] if _taken(node, each.port.name, choice, place)}
                by_item = each.port.name in node.mapped
                items[each.binding.node] |= places if by_item else set(range(ITEMS)) if places else set()
    return items


def _taken(node: Node, port: str, choice: Mapping[str, Choice], item: int) -> bool:
    if node.join is None or port == ON:
        return True
    key = choice[node.name]
    place = [each.port.name for each in node.choices].index(port)
    finds = found(node, key if isinstance(key, str) else key[item])
    return finds in node.join.keys and node.join.keys.index(finds) == place


def says(graph: Drawn, demand: Demand, choice: Mapping[str, Choice]) -> set[int]:
    """The items for which a demand holds."""

    def holds(take: Take, item: int) -> bool:
        join, key = graph.joins[take.join], choice[take.join]
        if isinstance(key, str):
            return found(join, key) == take.key
        return take.key in ((found(join, each) for each in key) if take.some else [found(join, key[item])])

    return {item for item in range(ITEMS) if any(all(holds(take, item) for take in term) for term in demand)}


@settings(deadline=None)
@given(drawn(lifts=False))
def test_a_demand_says_when_a_node_is_needed(graph: Drawn) -> None:
    demand, deciding = graph.demands(), graph.deciding()
    for choice in choices(graph):
        truth = needed(graph, choice)
        for name in demand:
            holds = says(graph, demand[name], choice)
            assert truth[name] <= holds
            assert name in deciding or truth[name] == holds


@settings(deadline=None, max_examples=500)
@given(drawn(lifts=True), st.data())
def test_a_demand_says_for_which_items_and_never_leaves_one_out(graph: Drawn, data: st.DataObject) -> None:
    choice = data.draw(chosen(graph))
    truth, deciding = needed(graph, choice), graph.deciding()
    for name, demand in graph.demands().items():
        holds = says(graph, demand, choice)
        assert truth[name] <= holds
        if name not in deciding and not any(take.some for term in demand for take in term):
            assert truth[name] == holds


@settings(deadline=None, max_examples=500)
@given(drawn(lifts=True), st.data())
def test_a_gate_never_leaves_out_what_a_demand_names(graph: Drawn, data: st.DataObject) -> None:
    choice = data.draw(chosen(graph))
    choosing = frozenset(name for name, node in graph.joins.items() if ON in node.mapped)
    for demand in graph.demands().values():
        found = gate(demand, choosing)
        some = [
            frozenset(Take(join, key, some=join not in found.per_item) for join, key in term) for term in found.terms
        ]
        assert says(graph, demand, choice) <= says(graph, frozenset(some), choice)


@given(drawn(lifts=True))
def test_what_runs_once_asks_about_no_item(graph: Drawn) -> None:
    choosing = {name for name, node in graph.joins.items() if ON in node.mapped}
    for name, demand in graph.demands().items():
        if name not in graph.lifted:
            assert all(take.some for term in demand for take in term if take.join in choosing)


KEYS = {"J": ("a", "b"), "K": ("x", "y", None), "L": ("p",)}
JOINS = {
    name: made(
        name, {ON: "", **dict.fromkeys(map(str, keys), "")}, join=Join(kind="switch", keys=keys, total=name != "L")
    )
    for name, keys in KEYS.items()
}
TAKES = [Take(join, key) for join, keys in KEYS.items() for key in keys]
TERMS = st.frozensets(st.sampled_from(TAKES), max_size=3)


def true_for(terms: Iterable[Iterable[Take]]) -> list[bool]:
    """Whether terms hold, for everything that the joins may take; the last one may also take nothing."""
    ways = product(*(keys if JOINS[name].join.total else (*keys, OTHER) for name, keys in KEYS.items()))  # type: ignore[union-attr]
    worlds = [{*map(Take, KEYS, way)} for way in ways]
    return [any(set(term) <= world for term in terms) for world in worlds]


@given(st.frozensets(TERMS, max_size=6))
def test_simplifying_keeps_what_a_demand_means(terms: frozenset[frozenset[Take]]) -> None:
    short = simplified(terms, JOINS)
    assert true_for(short) == true_for(terms)
    assert not any(one < other for one in short for other in short)
    assert simplified(short, JOINS) == short


def leaves(depth: int, draw: st.DrawFn, path: tuple[Take, ...] = ()) -> Iterator[frozenset[Take]]:
    """The paths of a random tree of choices, each join asked at most once on a path."""
    left = [name for name in ("J", "K") if all(take.join != name for take in path)]
    if not depth or not left or draw(st.booleans()):
        yield frozenset(path)
        return
    join = draw(st.sampled_from(left))
    for key in KEYS[join]:
        yield from leaves(depth - 1, draw, (*path, Take(join, key)))


@given(st.data())
def test_what_every_branch_needs_is_needed_always(data: st.DataObject) -> None:
    paths = list(leaves(2, data.draw))
    assert simplified(paths, JOINS) == ALWAYS


def test_a_branch_that_another_term_covers_counts_too() -> None:
    a, b, x, y, none = Take("J", "a"), Take("J", "b"), Take("K", "x"), Take("K", "y"), Take("K", None)
    terms = [frozenset(each) for each in ((a, x), (b,), (y,), (none,))]
    assert all(true_for(terms))
    assert simplified(terms, JOINS) == ALWAYS


def test_choices_that_fell_before_are_left_out() -> None:
    a, x, p = Take("J", "a"), Take("K", "x"), Take("L", "p")
    demand = frozenset((frozenset((a, x)), frozenset((a, p))))
    assert joins_of(demand) == {"J", "K", "L"}
    assert without(demand, {"J"}) == frozenset((frozenset((x,)), frozenset((p,))))
    assert without(demand, {"K"}) == frozenset((frozenset((a,)),))
    assert without(demand, {"J", "K"}) == ALWAYS


def test_the_gates_of_a_graph_say_which_choices_fall_for_each_item() -> None:
    gates = Gates(branched.every.graph).all()
    assert {name: gate.terms for name, gate in gates.items()} == {
        "each_shout": ((("each_switch", "red"),),),
        "each_lower": ((("each_switch", "green"),),),
        "each_is_long": ((("each_switch", None),),),
        "each_upper": ((("each_switch", None), ("each_when", "true")),),
        "each_when": ((("each_switch", None),),),
        "each_say": ((("each_switch", None),),),
    }
    assert gates["each_upper"].per_item == ("each_switch", "each_when")


def test_what_items_take_whole_is_gated_by_any_of_them() -> None:
    gates = Gates(branched.besides.graph).all()
    assert {name: gate.per_item for name, gate in gates.items()} == {
        "beside_upper": (),
        "beside_cat": ("beside_switch",),
    }
    assert "lower" not in gates


def test_lockstep_is_one_axis_to_a_gate() -> None:
    gates = Gates(branched.paired.graph).all()
    assert {name: gate.per_item for name, gate in gates.items()} == {
        "both_upper": ("both_switch",),
        "both_cat": ("both_switch",),
    }
