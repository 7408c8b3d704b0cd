"""Graphs run here and now: wiring, inputs and defaults, several outputs, and what is refused before anything runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from handmade import declared, node_of

from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.stateful import Stateful
from headrace_dags.errors import BadInput
from headrace_dags.graph import RESULT, Graph, Node, Output, Port, Use
from headrace_dags.ports.types import Batch, Many, Text
from headrace_dags.running.evaluate import NodeFailed
from headrace_dags.running.interpret import Interpreter, interpret

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def words(text: Text, least: int) -> Iterator[Text]:
    CALLS.append("words")
    yield from (word for word in text.split() if len(word) >= least)


def shout(words: Batch[Text]) -> Batch[Text]:
    CALLS.append(f"shout {len(words)}")
    return [word.upper() for word in words]


def join(words: Many[Text], loud: Many[Text]) -> Text:
    CALLS.append("join")
    return " ".join(f"{a}/{b}" for a, b in zip(words, loud, strict=True))


class Counter(Stateful):
    """Counts the instances that were set up, and its calls."""

    def setup(self) -> None:
        CALLS.append("setup")
        self.seen = 0

    def __call__(self, text: Text) -> int:
        self.seen += 1
        return self.seen


def traced(*, several: bool = False) -> tuple[Graph, dict[str, Declaration]]:
    """``join(words(text, least), shout.map(words(text, least)))``; with ``several`` also the words themselves."""
    steps = {"words": declared(words), "shout": declared(shout, size=2), "join": declared(join)}
    split, loud = Use(node="words", port=RESULT), Use(node="shout", port=RESULT)
    nodes = (
        node_of(steps["words"]),
        node_of(steps["shout"], mapped="words", uses={"words": split}),
        node_of(steps["join"], uses={"words": split, "loud": loud}),
    )
    inputs = tuple(
        port.model_copy(update={"has_default": True, "default": 2}) if port.name == "least" else port
        for port in steps["words"].signature.inputs
    )
    outputs = [output("joined" if several else RESULT, nodes[2])]
    if several:
        outputs.append(output("parts", nodes[0]))
    graph = Graph(name="speak", target="test:speak", inputs=inputs, outputs=tuple(outputs), nodes=nodes)
    return graph, steps


def output(name: str, node: Node) -> Output:
    port = node.outputs[0]
    return Output(port=Port(name=name, type=port.type, many=port.many), use=Use(node=node.name, port=port.name))


def run(inputs: dict[str, Any], *, several: bool = False) -> Any:
    graph, declarations = traced(several=several)
    return interpret(graph, inputs, declarations)


def test_a_graph_runs_node_after_node() -> None:
    assert run({"text": "a bc def gh", "least": 2}) == "bc/BC def/DEF gh/GH"
    assert CALLS == ["words", "shout 2", "shout 1", "join"]


def test_defaults_are_filled_in() -> None:
    assert run({"text": "a bc"}) == "bc/BC"


def test_an_empty_map_makes_no_call() -> None:
    assert run({"text": ""}) == ""
    assert CALLS == ["words", "join"]


def test_several_outputs_come_by_name() -> None:
    assert run({"text": "ab"}, several=True) == {"joined": "ab/AB", "parts": ["ab"]}


@pytest.mark.parametrize(
    ("inputs", "texts"),
    [
        ({}, ["speak.text [input-missing]: expects Text, got nothing. Give text=...."]),
        ({"text": 3}, ["speak.text [input-type]: expects Text, got 3 (int). Write str(x)."]),
        ({"text": "a", "least": "2"}, ["speak.least [input-type]: expects int, got '2' (str)"]),
        (
            {"txt": "a"},
            [
                "speak.txt [input-unknown]: expects one of text, least, got 'txt'. Did you mean text.",
                "speak.text [input-missing]",
            ],
        ),
        ({"text": "a", "zzz": 1}, ["got 'zzz'. Leave it out."]),
    ],
)
def test_bad_inputs_are_told_together_before_anything_runs(inputs: dict[str, Any], texts: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        run(inputs)
    for text in texts:
        assert text in str(caught.value)
    assert CALLS == []


def test_a_node_that_fails_is_named() -> None:
    graph, declarations = traced()

    def fail(words: Many[Text], loud: Many[Text]) -> Text:
        raise KeyError("gone")

    declarations["join"] = declared(fail)
    with pytest.raises(NodeFailed, match="join: KeyError: 'gone'") as caught:
        interpret(graph, {"text": "ab"}, declarations)
    assert isinstance(caught.value.__cause__, KeyError)


def test_nodes_of_one_step_share_what_was_set_up_and_runs_do_too() -> None:
    step = declared(Counter, form="stateful")
    nodes = (node_of(step, name="one"), node_of(step, name="other"))
    graph = Graph(
        name="count",
        target="test:count",
        inputs=step.signature.inputs,
        outputs=(output("one", nodes[0]), output("other", nodes[1])),
        nodes=nodes,
    )
    ready = Interpreter(graph, {"one": step, "other": step})
    assert ready.run({"text": "a"}) == {"one": 1, "other": 2}
    assert ready.run({"text": "a"}) == {"one": 3, "other": 4}
    assert CALLS == ["setup"]
