"""What a dag's body wires becomes a graph, node by node."""

from __future__ import annotations

from pathlib import Path

import pytest
import wired

from headrace_dags.declare.dag import dag
from headrace_dags.errors import DefinitionError
from headrace_dags.graph import Batching, Graph, Node, Options, Use
from headrace_dags.trace.standin import StandIn


def bindings(node: Node) -> dict[str, str]:
    return {
        each.port.name: str(each.binding) if isinstance(each.binding, Use) else repr(each.binding.value)
        for each in node.inputs
    }


def test_a_graph_has_its_ports_and_its_nodes_in_order() -> None:
    graph = wired.counted.graph
    assert graph.name == "counted"
    assert graph.target == "wired:counted"
    assert graph.deadline_s == 600
    assert [(port.name, str(port), port.has_default, port.default) for port in graph.inputs] == [
        ("text", "Text", False, None),
        ("scale", "float", True, 2.0),
    ]
    assert [(each.port.name, str(each.port), str(each.use)) for each in graph.outputs] == [
        ("result", "float", "total.result")
    ]
    assert [node.name for node in graph.nodes] == ["louder_shout", "louder_shout_2", "words", "lengths", "total"]


def test_constants_defaults_and_values_feed_ports() -> None:
    by_name = wired.counted.graph.by_name
    assert bindings(by_name["louder_shout"]) == {"text": "text", "times": "1"}
    assert bindings(by_name["louder_shout_2"]) == {"text": "louder_shout.result", "times": "2"}
    assert bindings(by_name["lengths"]) == {"texts": "words.result", "least": "3"}
    assert bindings(by_name["total"]) == {"numbers": "lengths.result", "scale": "scale"}


def test_a_yielding_step_gives_many_and_a_mapped_one_too() -> None:
    by_name = wired.counted.graph.by_name
    assert by_name["words"].step.yields
    assert by_name["words"].step.max_items == 50
    assert by_name["words"].step.resources.memory_bytes == 2**30
    assert [port.many for port in by_name["words"].outputs] == [True]
    lengths = by_name["lengths"]
    assert lengths.mapped == ("texts",)
    assert [port.many for port in lengths.outputs] == [True]
    assert [each.port.many for each in lengths.inputs] == [False, False]
    assert lengths.step.batching == Batching(size=4, wait_us=5000)
    assert lengths.step.batch_ports == ("texts",)


def test_class_steps_carry_their_configuration_and_options_of_use() -> None:
    by_name = wired.spoken.graph.by_name
    aloud = by_name["read_aloud"]
    assert aloud.step.form == "stateful"
    assert aloud.step.target == "wired:ReadAloud"
    assert aloud.step.config == {"voice": "ben", "speed": 1.0}
    assert aloud.step.resources.device == "gpu"
    assert aloud.options == Options(retry=2, timeout_s=60, isolate=True, cache=True)
    count = by_name["count_all"]
    assert count.step.config == {"offset": 1}
    assert count.step.batching == Batching(size=3, wait_us=1000)
    assert count.mapped == ("items",)


def test_several_outputs_are_ports_of_one_node() -> None:
    graph = wired.parted.graph
    assert [port.name for port in graph.by_name["split"].outputs] == ["head", "tail"]
    assert [(each.port.name, str(each.use)) for each in graph.outputs] == [
        ("head", "shout.result"),
        ("tail", "shout_2.result"),
    ]


def test_dags_in_dags_are_inlined_and_what_nobody_uses_is_left_out() -> None:
    graph = wired.nested.graph
    assert [node.name for node in graph.nodes] == [
        "parted_split", "parted_shout", "louder_shout", "louder_shout_2", "louder_2_shout", "louder_2_shout_2", "join",
    ]  # fmt: skip
    assert bindings(graph.by_name["louder_2_shout_2"])["times"] == "3"
    assert set(wired.nested.traced.declarations) == set(graph.by_name) == set(graph.sources)


def test_sources_are_the_lines_of_the_calls() -> None:
    lines = Path(wired.__file__).read_text().splitlines()
    graph = wired.counted.graph
    assert "words(louder(text))" in lines[graph.sources["words"].line - 1]
    assert "shout(shout(text), times=times)" in lines[graph.sources["louder_shout"].line - 1]


def test_a_graph_survives_its_json() -> None:
    graph = wired.nested.graph
    again = Graph.model_validate_json(graph.model_dump_json())
    assert again == graph
    assert again.digest == graph.digest


def test_a_dag_is_traced_once() -> None:
    assert wired.counted.traced is wired.counted.traced


def test_a_dag_called_with_values_runs() -> None:
    assert wired.counted("ab c") == 2.0 * sum(max(len(word), 3) for word in ["AB", "CAB", "C"])
    assert wired.nested("one two") == "ONEONE ONE TWOONE TWOONE TWO"
    assert wired.parted("a b c") == wired.Parts("A", ["B", "C"])
    assert wired.spoken("x y") == float(sum(len(word) + 1 for word in ["ben:", "X", "Y"]))


def test_a_stand_in_that_escaped_says_so() -> None:
    escaped: list[object] = []

    def body(text: str) -> str:
        escaped.append(text)
        return wired.shout(text)

    assert dag(body).graph.nodes
    assert isinstance(escaped[0], StandIn)
    assert repr(escaped[0]) == "<Text, the input text>"
    with pytest.raises(TypeError, match="while it was traced"):
        bool(escaped[0])


def test_the_error_of_a_wrong_dag_holds_all_its_problems() -> None:
    def body(text: str, other: int) -> str:
        return wired.join(wired.shout(other), len(text))  # type: ignore[arg-type]

    with pytest.raises(DefinitionError) as caught:
        _ = dag(body).graph
    assert [problem.code for problem in caught.value.problems] == ["port-type", "traced-length"]
