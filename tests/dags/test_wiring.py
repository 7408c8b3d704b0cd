"""What is given to steps and to dags in dags, and what of it is for nothing: told where the call is."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import FunctionType

import pytest
import wired

import headrace as hr
from headrace_dags.declare.dag import dag
from headrace_dags.errors import Problem
from headrace_dags.project.check import check_module
from headrace_dags.project.discover import load, load_module
from headrace_dags.trace.tracing import Traced, attempt


def told(body: FunctionType) -> list[tuple[str, str, int]]:
    """Code, place and line counted from the ``def``."""
    found = attempt(dag(body))
    problems: tuple[Problem, ...] = () if isinstance(found, Traced) else found
    first = inspect.getsourcelines(body)[1]
    return [(each.code, each.where, each.location.line - first) for each in problems if each.location]


def test_arguments_of_a_dag_in_a_dag_are_judged_like_those_of_a_step() -> None:
    def body(text: hr.Text, texts: hr.Many[hr.Text], number: int) -> hr.Text:
        a = wired.louder(texts)  # type: ignore[arg-type]
        b = wired.louder(number)  # type: ignore[arg-type]
        c = wired.louder(text, tims=2)  # type: ignore[call-arg]
        d = wired.louder(text, times="x")  # type: ignore[arg-type]
        e = wired.louder()  # type: ignore[call-arg]
        return wired.join(wired.join(a, b), wired.join(c, wired.join(d, e)))

    assert told(body) == [
        ("many-needs-map", "louder.text", 1),
        ("port-type", "louder.text", 2),
        ("unknown-argument", "louder", 3),
        ("constant-type", "louder.times", 4),
        ("missing-argument", "louder.text", 5),
    ]


def test_a_constant_stays_a_constant_in_a_dag_that_is_called() -> None:
    def inner(text: hr.Text, times: int = 2, loud: bool = True) -> hr.Text:
        for _ in range(times):
            text = wired.shout(text) if loud else wired.join(text, text)
        return text

    called = dag(inner)

    def body(text: hr.Text) -> hr.Text:
        return called(called(text, 3, loud=False))

    found = attempt(dag(body))
    assert isinstance(found, Traced)
    steps = [node.step.target for node in found.graph.nodes]
    assert steps == ["wired:join"] * 3 + ["wired:shout"] * 2


def test_outputs_of_a_dag_that_nobody_uses_are_left_out() -> None:
    def body(text: hr.Text) -> hr.Text:
        return wired.shout(wired.parted(text).head)

    found = attempt(dag(body))
    assert isinstance(found, Traced)
    assert [node.name for node in found.graph.nodes] == ["parted_split", "parted_shout", "shout"]
    assert set(found.graph.sources) == set(found.declarations) == set(found.graph.by_name)


def test_a_dag_of_which_nothing_is_used_is_told() -> None:
    def body(text: hr.Text) -> hr.Text:
        lost = wired.shout(text)
        wired.parted(wired.join(lost, text))
        return wired.louder(text)

    assert told(body) == [("unused-step", "parted", 2)]


def test_only_the_ends_of_what_is_unused_are_told() -> None:
    def body(text: hr.Text) -> hr.Text:
        one = wired.shout(text)
        two = wired.shout(one)
        wired.join(one, two)
        wired.words(two)
        return wired.shout(text)

    assert told(body) == [("unused-step", "join", 3), ("unused-step", "words", 4)]


def test_what_a_problem_concerns_is_not_called_unused_besides() -> None:
    def body(text: hr.Text, number: int, other: hr.Text) -> hr.Text:
        counted = wired.total(wired.lengths.map(wired.words(other)))
        wired.shout(counted)  # type: ignore[arg-type]
        return wired.join(text, number)  # type: ignore[arg-type]

    assert [code for code, *_ in told(body)] == ["port-type", "unused-step", "port-type"]


def test_the_mistakes_of_a_dag_that_is_called_are_told_at_their_own_lines(tmp_path: Path) -> None:
    parts = tmp_path / "parts.py"
    parts.write_text(
        "import headrace as hr\n\n\n@hr.step\ndef shout(text: hr.Text) -> hr.Text:\n    return text\n\n\n"
        "@hr.dag\ndef part(text: hr.Text) -> hr.Text:\n    return shout(text, 3)\n"
    )
    whole = tmp_path / "whole.py"
    whole.write_text(
        "import headrace as hr\nfrom parts import part, shout\n\n\n"
        "@hr.dag\ndef whole(text: hr.Text) -> hr.Text:\n    a = part(text)\n    return shout(part(a + 'b'))\n"
    )
    problems = check_module(load_module(str(whole)).module)
    assert [(each.code, each.where, each.location and each.location.line) for each in problems] == [
        ("unknown-argument", "shout", 11),
        ("traced-operator", "whole", 8),
    ]
    assert [each.location and Path(each.location.file).name for each in problems] == ["parts.py", "whole.py"]


def test_a_dag_that_calls_itself_over_another_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rounds.py"
    file.write_text(
        "import headrace as hr\n\n\n@hr.dag\ndef ping(text: hr.Text) -> hr.Text:\n    return pong(text)\n\n\n"
        "@hr.dag\ndef pong(text: hr.Text) -> hr.Text:\n    return ping(text)\n"
    )
    problems = check_module(load_module(str(file)).module)
    assert {each.code for each in problems} == {"dag-recursion"}


def test_what_a_dag_returns_is_judged() -> None:
    def nothing(text: hr.Text) -> hr.Text:  # type: ignore[empty-body]
        wired.shout(text)

    def constant(text: hr.Text) -> hr.Text:
        wired.shout(text)
        return "a"

    def inputs(text: hr.Text) -> hr.Text:
        return text

    def listed(text: hr.Text) -> hr.Many[hr.Text]:
        return [wired.shout(text), text]

    def many(text: hr.Text) -> hr.Text:
        return wired.words(text)  # type: ignore[return-value]

    def fields(text: hr.Text) -> wired.Parts:
        return wired.shout(text), wired.words(text)  # type: ignore[return-value]

    def field(text: hr.Text) -> wired.Parts:
        return wired.Parts(head=wired.shout(text), tail=wired.shout(text))  # type: ignore[arg-type]

    assert told(nothing) == [("dag-return", "nothing", 0)]
    assert told(constant) == [("dag-return", "constant", 2)]
    assert told(inputs) == [("dag-return", "inputs", 1)]
    assert told(listed) == [("dag-return", "listed", 1)]
    assert told(many) == [("dag-return-type", "many", 1)]
    assert told(fields) == [("dag-return-type", "fields", 1)]
    assert told(field) == [("dag-return-type", "field.tail", 1)]


def test_steps_are_called_before_their_values_are_given() -> None:
    def body(text: hr.Text) -> hr.Text:
        first = wired.join(wired.shout, wired.ReadAloud)  # type: ignore[arg-type]
        return wired.join(first, wired.ReadAloud())  # type: ignore[arg-type]

    assert [code for code, *_ in told(body)] == ["unused-input", "constant-type", "constant-type", "constant-type"]


def test_arguments_bind_as_python_binds_them() -> None:
    def positional(a: hr.Text, /, b: hr.Text, *, c: hr.Text = "c") -> hr.Text:
        return a + b + c

    step = hr.step(positional)

    def good(text: hr.Text) -> hr.Text:
        return step(text, b=text)

    def bad(text: hr.Text) -> hr.Text:
        one = step(text, text, text)  # type: ignore[misc]
        two = step(a=text, b=text)  # type: ignore[call-arg]
        return step(one, two, b=text)  # type: ignore[misc]

    assert [code for code, *_ in told(good)] == ["not-importable"]
    assert [code for code, *_ in told(bad)][1:] == ["unknown-argument"] * 3


@pytest.mark.parametrize(
    "spoiled", ["with_(retry=-1)", "with_(retry=1.5)", "with_(timeout=3)", "with_(isolate=1)", "with_(cache=1)"]
)
def test_options_of_a_use_are_judged_where_they_are_said(spoiled: str, tmp_path: Path) -> None:
    file = tmp_path / "used.py"
    file.write_text(
        "import headrace as hr\n\n\n@hr.step\ndef shout(text: hr.Text) -> hr.Text:\n    return text\n\n\n"
        f"careful = shout.{spoiled}\n\n\n@hr.dag\ndef main(text: hr.Text) -> hr.Text:\n    return careful(text)\n"
    )
    (problem,) = check_module(load_module(str(file)).module)
    assert (problem.code, problem.location and problem.location.line) == ("option-value", 9)


def test_a_cached_step_is_given_a_value_where_its_dag_is_not_called_with_constants() -> None:
    kept = wired.shout.with_(cache=True)

    def inner(text: hr.Text) -> hr.Text:
        return kept(text)

    called = dag(inner)

    def body(text: hr.Text) -> hr.Text:
        return wired.join(text, called("a"))

    def constant(text: hr.Text) -> hr.Text:
        return wired.join(text, kept("a"))

    def wrong(text: hr.Text) -> hr.Text:
        return wired.join(text, kept(tims=2, text=text))  # type: ignore[call-arg]

    assert told(body) == []
    assert told(constant) == [("cache-input", "shout", -10)]
    assert told(wrong) == [("unknown-argument", "shout", 1)]


def test_a_node_of_a_thousand_is_quick(tmp_path: Path) -> None:
    from time import perf_counter

    lines = ["    text = shout(text, 2)\n    other = join(text, other)\n"] * 500
    file = tmp_path / "large.py"
    file.write_text(
        "import headrace as hr\nfrom steps_of_large import join, shout\n\n\n"
        "@hr.dag\ndef main(text: hr.Text, other: hr.Text) -> hr.Text:\n" + "".join(lines) + "    return other\n"
    )
    (tmp_path / "steps_of_large.py").write_text(
        "import headrace as hr\n\n\n@hr.step\ndef shout(text: hr.Text, times: int) -> hr.Text:\n    return text\n\n\n"
        "@hr.step\ndef join(a: hr.Text, b: hr.Text) -> hr.Text:\n    return a + b\n"
    )
    found = load(str(file))
    start = perf_counter()
    assert check_module(found.module) == ()
    assert len(found.dag.graph.nodes) == 1000
    assert perf_counter() - start < 0.7
