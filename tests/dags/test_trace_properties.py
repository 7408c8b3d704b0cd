"""Any dag that can be wired is traced in order, the same every time, and computes what plain calls compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import wired
from hypothesis import given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace_dags.declare.dag import Dag, dag
from headrace_dags.graph import Graph, Use
from headrace_dags.trace.tracing import Traced, attempt


@dataclass(frozen=True)
class Wiring:
    """A random dag: each call names its step and which values so far it takes, counted from the last."""

    calls: tuple[tuple[str, int, int], ...]

    def body(self, text: Any) -> Any:
        values = [text]
        for step, first, second in self.calls:
            one, two = values[-1 - first % len(values)], values[-1 - second % len(values)]
            if step == "shout":
                values.append(wired.shout(one, times=1 + second % 2))
            elif step == "louder":
                values.append(wired.louder(one))
            elif step == "parted":
                values.append(wired.parted(wired.join(one, two)).head)
            else:
                values.append(wired.join(one, two))
        return values

    def dag(self) -> Dag[..., Any]:
        def body(text: hr.Text) -> hr.Text:
            first, *rest = self.body(text)
            result = first
            for value in rest:
                result = wired.join(result, value)
            return wired.shout(result)

        return dag(body)


wirings = st.builds(
    Wiring,
    st.lists(
        st.tuples(st.sampled_from(["shout", "louder", "join", "parted"]), st.integers(0, 9), st.integers(0, 9)),
        max_size=12,
    ).map(tuple),
)


def traced(dag: Dag[..., Any]) -> Graph:
    found = attempt(dag)
    assert isinstance(found, Traced), found
    return found.graph


@given(wirings)
@settings(max_examples=60, deadline=None)
def test_nodes_are_in_topological_order_and_all_of_use(wiring: Wiring) -> None:
    graph = traced(wiring.dag())
    known = {Use(node="", port=port.name) for port in graph.inputs}
    for node in graph.nodes:
        assert set(node.uses()) <= known
        known |= {Use(node=node.name, port=port.name) for port in node.outputs}
    assert {each.use for each in graph.outputs} <= known
    taken = {use.node for node in graph.nodes for use in node.uses()} | {each.use.node for each in graph.outputs}
    assert {node.name for node in graph.nodes} <= taken
    assert len(graph.by_name) == len(graph.nodes) == len(graph.sources)


@given(wirings)
@settings(max_examples=30, deadline=None)
def test_a_second_trace_is_the_same(wiring: Wiring) -> None:
    assert traced(wiring.dag()) == traced(wiring.dag())


@given(wirings, st.text("ab ", min_size=1, max_size=6).filter(str.strip))
@settings(max_examples=30, deadline=None)
def test_a_graph_computes_what_plain_calls_compute(wiring: Wiring, text: str) -> None:
    assert wiring.dag()(text) == wiring.dag().fn(text)
