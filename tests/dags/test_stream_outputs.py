"""Which outputs of a traced dag are streams; for a plain call each of them is the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import headrace as hr
from headrace_dags.errors import DefinitionError


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def listed(text: hr.Text) -> hr.Many[hr.Text]:
    return text.split()


@hr.step
def upper(text: hr.Text) -> hr.Text:
    return text.upper()


class Both(NamedTuple):
    stream: hr.Many[hr.Text]
    whole: hr.Many[hr.Text]


@hr.dag
def direct(text: hr.Text) -> hr.Many[hr.Text]:
    return words(upper(text))


@hr.dag
def inner(text: hr.Text) -> hr.Many[hr.Text]:
    return direct(text)


@hr.dag
def collected(text: hr.Text) -> hr.Many[hr.Text]:
    return hr.collect(words(upper(text)))


@hr.dag
def handed_on(items: hr.Many[hr.Text]) -> hr.Many[hr.Text]:
    return items


@hr.dag
def collected_before(text: hr.Text) -> hr.Many[hr.Text]:
    return handed_on(hr.collect(words(upper(text))))


@hr.dag
def returned(text: hr.Text) -> hr.Many[hr.Text]:
    return listed(upper(text))


@hr.dag
def mapped(text: hr.Text) -> hr.Many[hr.Text]:
    return upper.map(words(text))


@hr.dag
def branched(text: hr.Text) -> hr.Many[hr.Text]:
    return hr.first(words(text), words(upper(text)))


@hr.dag
def both(text: hr.Text) -> Both:
    found = words(upper(text))
    return Both(stream=found, whole=hr.collect(found))


@hr.dag
def twice(text: hr.Text) -> Both:
    return Both(stream=words(text), whole=words(upper(text)))


@pytest.mark.parametrize(
    ("dag", "streams"),
    [
        (direct, [True]),
        (inner, [True]),
        (collected, [False]),
        (collected_before, [False]),
        (returned, [False]),
        (mapped, [False]),
        (branched, [False]),
        (both, [True, False]),
        (twice, [True, True]),
    ],
)
def test_only_what_a_step_yields_leaves_as_a_stream(dag: Any, streams: list[bool]) -> None:
    assert [output.stream for output in dag.graph.outputs] == streams


@pytest.mark.parametrize("dag", [direct, inner, collected, collected_before, returned, mapped])
def test_a_plain_call_gives_the_list(dag: Any) -> None:
    assert dag("a b") == ["A", "B"]


def test_collecting_changes_the_graph_and_not_the_nodes() -> None:
    assert direct.graph.nodes == collected.graph.nodes
    assert direct.graph.digest != collected.graph.digest


@hr.dag
def never_silent(text: hr.Text) -> hr.Many[hr.Text]:
    return words.with_(idle="10s", timeout="10s")(text)


@hr.dag
def single(text: hr.Text) -> hr.Text:
    return upper.with_(idle="1s")(text)


@hr.dag
def kept(text: hr.Text) -> hr.Many[hr.Text]:
    return words.with_(cache=True)(text)


@hr.dag
def kept_whole(text: hr.Text) -> hr.Many[hr.Text]:
    return hr.collect(words.with_(cache=True)(text))


@hr.dag
def soon(text: hr.Text) -> hr.Many[hr.Text]:
    return words.with_(idle="soon")(text)


@pytest.mark.parametrize(
    ("dag", "code", "told"),
    [
        (never_silent, "option-value", "idle expects less than timeout, got as much, or more"),
        (
            single,
            "idle-stream",
            "got a single value. Write .with_(timeout=...), which bounds the whole, in place of idle.",
        ),
        (kept, "cache-stream", "Return hr.collect of what words gives, which keeps all items as one result"),
        (soon, "option-value", 'idle expects a duration such as "5ms", "30s" or "10m", got \'soon\''),
    ],
)
def test_idle_and_cache_make_sense(dag: Any, code: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        dag.graph  # noqa: B018  # traced here
    (problem,) = caught.value.problems
    assert problem.code == code
    assert told in str(problem)


def test_what_is_collected_may_be_kept() -> None:
    assert kept_whole.graph.nodes[0].options.cache
    assert [output.stream for output in kept_whole.graph.outputs] == [False]
