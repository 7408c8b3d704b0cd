"""Nodes on real values: plain, yielding, mapped and batched bodies, several outputs, constants, and who is at fault."""

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import NamedTuple

import numpy as np
import pytest
from handmade import declared, made, node_of, run_node
from hypothesis import given
from hypothesis import strategies as st

from headrace_dags.errors import InputError
from headrace_dags.graph import Use
from headrace_dags.ports.types import Batch, Embedding, Many, Text
from headrace_dags.ports.values import ValueMisfit
from headrace_dags.running.bodies import Body, load
from headrace_dags.running.chain import Chain
from headrace_dags.running.evaluate import NodeFailed, PreparedNode


def add(a: int, b: int) -> int:
    return a + b


def half(x: float) -> float:
    assert type(x) is float
    return x / 2


def letters(word: Text) -> Iterator[Text]:
    yield from word


def shout(words: Batch[Text], mark: str = "!") -> Batch[Text]:
    SLICES.append(list(words))
    return [f"{word.upper()}{mark}" for word in words]


def double(numbers: Batch[int]) -> Batch[int]:
    SLICES.append(list(numbers))
    if 13 in numbers:
        raise ValueError("unlucky")
    return [2 * number for number in numbers]


SLICES: list[list[object]] = []


@pytest.fixture(autouse=True)
def _no_slices() -> None:
    SLICES.clear()


class Halves(NamedTuple):
    left: Text
    right: Many[Text]


def split(word: Text) -> Halves:
    middle = len(word) // 2
    return Halves(word[:middle], list(word[middle:]))


def test_a_function_is_called_with_its_inputs_and_constants() -> None:
    node, body = made(add, constants={"b": 40})
    assert run_node(node, body, {"a": 2}) == {"result": 42}


def test_an_int_given_to_a_float_port_arrives_as_a_float() -> None:
    assert run_node(*made(half), {"x": 3}) == {"result": 1.5}
    assert run_node(*made(half, mapped="x"), {"x": [1, 2]}) == {"result": [0.5, 1.0]}


def test_what_a_body_yields_is_collected() -> None:
    assert run_node(*made(letters), {"word": "abc"}) == {"result": ["a", "b", "c"]}


def test_a_body_that_yields_more_than_it_declares_is_stopped() -> None:
    def endless(word: Text) -> Iterator[Text]:
        while True:
            yield word

    with pytest.raises(
        NodeFailed, match=r"endless.result: expects at most 3 items \(max_items=3\), got more"
    ) as caught:
        run_node(*made(endless, max_items=3), {"word": "a"})
    assert caught.value.fault == "output"


def test_a_map_keeps_order_and_repeats_the_other_inputs() -> None:
    assert run_node(*made(add, mapped="a"), {"a": [1, 2, 3], "b": 10}) == {"result": [11, 12, 13]}
    assert run_node(*made(add, mapped="a"), {"a": [], "b": 10}) == {"result": []}


def test_several_outputs_are_taken_apart_also_under_a_map() -> None:
    assert run_node(*made(split), {"word": "abcd"}) == {"left": "ab", "right": ["c", "d"]}

    class Pair(NamedTuple):
        first: Text
        last: Text

    def ends(word: Text) -> Pair:
        return Pair(word[0], word[-1])

    ends.__annotations__["return"] = Pair
    assert run_node(*made(ends, mapped="word"), {"word": ["ab", "cd"]}) == {"first": ["a", "c"], "last": ["b", "d"]}


def test_a_batched_body_gets_a_batch_of_one_and_slices_of_a_map() -> None:
    assert run_node(*made(shout, size=2, constants={"mark": "?"}), {"words": "a"}) == {"result": "A?"}
    result = run_node(*made(shout, size=2, mapped="words"), {"words": list("abcde"), "mark": "!"})
    assert result == {"result": ["A!", "B!", "C!", "D!", "E!"]}
    assert SLICES == [["a"], ["a", "b"], ["c", "d"], ["e"]]


def test_a_batched_body_gets_repeated_inputs_as_a_batch_too() -> None:
    def join(left: Batch[Text], right: Batch[Text]) -> Batch[Text]:
        return [a + b for a, b in zip(left, right, strict=True)]

    assert run_node(*made(join, size=2, mapped="left"), {"left": ["a", "b", "c"], "right": "x"}) == {
        "result": ["ax", "bx", "cx"]
    }


def test_a_batched_body_may_return_the_rows_of_an_array() -> None:
    def embed(words: Batch[Text]) -> Batch[Embedding]:
        return np.ones((len(words), 3), np.float32)  # type: ignore[return-value]

    rows = run_node(*made(embed, size=4, mapped="words"), {"words": ["a", "b"]})["result"]
    assert [row.shape for row in rows] == [(3,), (3,)]


@given(
    requests=st.lists(st.lists(st.integers(0, 12), max_size=7), max_size=6),
    size=st.integers(1, 9),
)
def test_requests_run_together_in_slices_keep_their_items_in_order(requests: list[list[int]], size: int) -> None:
    SLICES.clear()
    node, body = made(double, size=size, mapped="numbers")
    results = PreparedNode(node, body).run_batch([{"numbers": items} for items in requests])
    assert results == [{"result": [2 * item for item in items]} for items in requests]
    everything = [item for items in requests for item in items]
    assert [item for some in SLICES for item in some] == everything
    assert len(SLICES) == -(-len(everything) // size)


@given(st.lists(st.integers(0, 40), max_size=20), st.integers(1, 9))
def test_a_bad_input_fails_its_own_request_and_no_other(numbers: list[int], size: int) -> None:
    results = PreparedNode(*made(double, size=size)).run_batch([{"numbers": number} for number in numbers])
    for number, result in zip(numbers, results, strict=True):
        if number == 13:
            assert isinstance(result, NodeFailed)
            assert (result.fault, str(result)) == ("step", "double: ValueError: unlucky")
        else:
            assert result == {"result": 2 * number}


def test_a_request_that_failed_is_not_run_further() -> None:
    results = PreparedNode(*made(double, size=2, mapped="numbers")).run_batch(
        [{"numbers": [1, 13, 5, 6, 7, 8]}, {"numbers": [4]}]
    )
    assert isinstance(results[0], NodeFailed)
    assert results[1] == {"result": [8]}
    assert SLICES == [[1, 13], [4]]


def test_an_output_of_a_batch_that_does_not_fit_fails_only_its_own_request() -> None:
    def lengths(words: Batch[Text]) -> Batch[int]:
        return [len(word) if word else "none" for word in words]  # type: ignore[misc]

    good, bad = PreparedNode(*made(lengths, size=2)).run_batch([{"words": "ab"}, {"words": ""}])
    assert good == {"result": 2}
    assert isinstance(bad, NodeFailed)
    assert (bad.fault, bad.port) == ("output", "result")


def test_requests_whose_other_inputs_may_differ_run_apart() -> None:
    results = PreparedNode(*made(shout, size=4)).run_batch([{"words": "a", "mark": "!"}, {"words": "b", "mark": "?"}])
    assert results == [{"result": "A!"}, {"result": "B?"}]


def test_requests_of_a_body_without_batching_run_one_by_one() -> None:
    results = PreparedNode(*made(half)).run_batch([{"x": 1.0}, {"x": 4.0}])
    assert results == [{"result": 0.5}, {"result": 2.0}]


def test_no_requests_give_no_results() -> None:
    assert PreparedNode(*made(double, size=4)).run_batch([]) == []


def test_a_batch_of_the_wrong_length_is_the_steps_fault() -> None:
    def short(words: Batch[Text]) -> Batch[Text]:
        return words[:-1]

    with pytest.raises(
        NodeFailed, match="expects a list of 3, as many as the batch it was given, got a list of 2"
    ) as caught:
        run_node(*made(short, size=4, mapped="words"), {"words": ["a", "b", "c"]})
    assert caught.value.fault == "output"


def test_an_exception_names_node_and_item_and_keeps_its_cause() -> None:
    def invert(x: float) -> float:
        return 1 / x

    with pytest.raises(NodeFailed) as caught:
        run_node(*made(invert, mapped="x"), {"x": [1.0, 0.0]})
    failure = caught.value
    assert (failure.node, failure.fault, failure.item) == ("invert", "step", 1)
    assert failure.message == "ZeroDivisionError: float division by zero"
    assert isinstance(failure.__cause__, ZeroDivisionError)


def test_an_exception_between_two_yields_is_the_steps() -> None:
    def broken(word: Text) -> Iterator[Text]:
        yield word
        raise KeyError(word)

    with pytest.raises(NodeFailed, match="KeyError: 'a'") as caught:
        run_node(*made(broken), {"word": "a"})
    assert caught.value.fault == "step"


def test_sys_exit_in_a_body_is_a_failure_of_the_step() -> None:
    def leave(word: Text) -> Text:
        sys.exit(word)

    with pytest.raises(NodeFailed, match="leave: SystemExit: a"):
        run_node(*made(leave), {"word": "a"})


def test_an_input_error_names_the_port_where_only_one_can_be_meant() -> None:
    def read(word: Text, level: int) -> Text:
        raise InputError("cut off")

    with pytest.raises(NodeFailed) as caught:
        run_node(*made(read), {"word": "a", "level": 1})
    assert (caught.value.fault, caught.value.port, caught.value.message) == ("input", "word", "cut off")

    def both(left: Text, right: Text) -> Text:
        raise InputError("they differ")

    with pytest.raises(NodeFailed) as caught:
        run_node(*made(both), {"left": "a", "right": "b"})
    assert (caught.value.fault, caught.value.port) == ("input", "")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            np.zeros(384),
            "embed.result: expects Embedding (float32 d), got float64 array of shape [384]; write np.asarray(x, np.float32)",
        ),
        (None, "embed.result: expects Embedding (float32 d), got None; write np.asarray(x, np.float32)"),
    ],
)
def test_an_output_that_does_not_fit_says_what_to_write(returned: object, message: str) -> None:
    def embed(word: Text) -> Embedding:
        return returned  # type: ignore[return-value]

    with pytest.raises(NodeFailed) as caught:
        run_node(*made(embed), {"word": "a"})
    assert caught.value.fault == "output"
    assert str(caught.value) == message
    assert isinstance(caught.value.__cause__, ValueMisfit)


def test_an_item_of_many_that_does_not_fit_is_counted() -> None:
    def names(word: Text) -> Many[Text]:
        return [word, 3]  # type: ignore[list-item]

    with pytest.raises(NodeFailed, match=r"names.result \(item 1\): expects Text, got 3 \(int\)"):
        run_node(*made(names), {"word": "a"})


def test_another_tuple_than_the_declared_one_is_refused() -> None:
    def wrong(word: Text) -> Halves:
        return (word, [])  # type: ignore[return-value]

    with pytest.raises(NodeFailed, match="expects Halves, got a tuple of 2"):
        run_node(*made(wrong), {"word": "a"})


def test_constants_are_not_shared_between_calls() -> None:
    def collect(word: Text, seen: list[str]) -> list[str]:
        seen.append(word)
        return seen

    node = PreparedNode(*made(collect, constants={"seen": ["a"]}))
    assert node.run({"word": "b"}) == {"result": ["a", "b"]}
    assert node.run({"word": "c"}) == {"result": ["a", "c"]}


def test_a_constant_may_be_mapped() -> None:
    assert run_node(*made(add, mapped="a", constants={"a": [1, 2]}), {"b": 1}) == {"result": [2, 3]}


def _chain() -> tuple[list[object], dict[str, Body]]:
    first, second = declared(letters), declared(shout, size=2)
    nodes = [
        node_of(first),
        node_of(second, mapped="words", constants={"mark": "."}, uses={"words": Use(node="letters", port="result")}),
    ]
    return nodes, {"letters": load(first, model_root=None), "shout": load(second, model_root=None)}  # type: ignore[arg-type]


def test_nodes_run_in_order_on_each_others_outputs() -> None:
    nodes, bodies = _chain()
    made = [Use(node=name, port="result") for name in ("shout", "letters")]
    run = Chain(nodes, bodies).between([Use(node="", port="word")], made)  # type: ignore[arg-type]
    assert run(["abc"]) == [["A.", "B.", "C."], ["a", "b", "c"]]
    assert run([""]) == [[], []]


def test_a_chain_stops_at_the_first_node_that_fails() -> None:
    nodes, bodies = _chain()
    with pytest.raises(NodeFailed, match="letters"):
        Chain(nodes, bodies).between([Use(node="", port="word")], [])([3])  # type: ignore[arg-type]
    assert SLICES == []


def pair(word: Text) -> Halves:
    return Halves(word, list(word))


def listed(word: Text) -> Many[Text]:
    return list(word)


@pytest.mark.parametrize(("body", "port"), [(listed, "result"), (pair, "right")])
def test_a_body_is_held_to_its_max_items_also_where_it_does_not_yield(body: FunctionType, port: str) -> None:
    node = PreparedNode(*made(body, max_items=3))
    assert node.run({"word": "abc"})[port] == ["a", "b", "c"]
    wanted = rf"{body.__name__}.{port}: expects at most 3 items \(max_items=3\), got 5; write a larger max_items"
    with pytest.raises(NodeFailed, match=wanted) as caught:
        node.run({"word": "abcde"})
    assert (caught.value.fault, caught.value.port, caught.value.item) == ("output", port, -1)


def test_a_number_of_numpy_is_no_batch_of_results() -> None:
    def single(numbers: Batch[int]) -> Batch[int]:
        return np.float32(3)  # type: ignore[return-value]

    with pytest.raises(NodeFailed, match=r"single: expects a list of 1, as many as .* got 3.0 \(float32\)") as caught:
        run_node(*made(single, size=4), {"numbers": 1})
    assert caught.value.fault == "output"


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


def test_an_exception_that_cannot_be_shown_is_still_the_steps() -> None:
    def mute(word: Text) -> Text:
        raise Mute

    with pytest.raises(NodeFailed, match="mute: Mute: an exception that cannot be shown") as caught:
        run_node(*made(mute), {"word": "a"})
    assert isinstance(caught.value.__cause__, Mute)


@pytest.mark.parametrize(
    ("error", "fault", "text"),
    [(ValueError("x"), "step", "ValueError: x"), (InputError("cut off"), "input", "cut off")],
)
def test_a_dag_that_a_body_calls_fails_as_the_bodys_own_node(error: Exception, fault: str, text: str) -> None:
    def inner(word: Text) -> Text:
        raise error

    def outer(word: Text) -> Text:
        made_inner = PreparedNode(*made(inner))
        return made_inner.run({"word": word})["result"]  # type: ignore[no-any-return]

    with pytest.raises(NodeFailed) as caught:
        run_node(*made(outer), {"word": "a"})
    assert (caught.value.node, caught.value.fault, caught.value.message) == ("outer", fault, text)


def test_a_very_long_number_is_described_by_its_length() -> None:
    def long(word: Text) -> Text:
        return 10**5000  # type: ignore[return-value]

    with pytest.raises(NodeFailed, match="expects Text, got a number of 16,610 bits"):
        run_node(*made(long), {"word": "a"})
