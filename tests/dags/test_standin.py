"""Whatever a dag's body tries with a value is told once, with its line, and the body goes on."""

from __future__ import annotations

import copy
import inspect
import math
import os
import pickle
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import pytest
import wired

import headrace as hr
from headrace_dags.declare.dag import dag
from headrace_dags.errors import Problem
from headrace_dags.trace.tracing import Traced, attempt

MISUSES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "if": ("traced-bool", lambda x: 1 if x else 2),
    "not": ("traced-bool", lambda x: not x),
    "and": ("traced-bool", lambda x: x and x),
    "for": ("traced-iteration", lambda x: [each for each in x]),  # noqa: C416
    "list": ("traced-iteration", list),
    "star": ("traced-iteration", lambda x: max(*x, 1)),
    "next": ("traced-iteration", next),
    "reversed": ("traced-iteration", lambda x: list(reversed(x))),
    "len": ("traced-length", len),
    "index": ("traced-index", lambda x: x[0]),
    "slice": ("traced-index", lambda x: x[1:2]),
    "attribute": ("traced-attribute", lambda x: x.upper),
    "method": ("traced-attribute", lambda x: x.upper()),
    "hasattr": ("traced-attribute", lambda x: hasattr(x, "upper")),
    "in": ("traced-operator", lambda x: "a" in x),
    "add": ("traced-operator", lambda x: x + 1),
    "radd": ("traced-operator", lambda x: "a" + x),
    "mod": ("traced-operator", lambda x: x % 2),
    "pow": ("traced-operator", lambda x: pow(2, x)),
    "eq": ("traced-operator", lambda x: x == "a"),
    "ne": ("traced-operator", lambda x: x != "a"),
    "less": ("traced-operator", lambda x: x < 1),
    "chain": ("traced-operator", lambda x: 0 < x < 1),
    "neg": ("traced-operator", lambda x: -x),
    "invert": ("traced-operator", lambda x: ~x),
    "abs": ("traced-operator", abs),
    "round": ("traced-operator", round),
    "ceil": ("traced-operator", math.ceil),
    "divmod": ("traced-operator", lambda x: divmod(x, 2)),
    "int": ("traced-operator", int),
    "float": ("traced-operator", float),
    "complex": ("traced-operator", complex),
    "bytes": ("traced-operator", bytes),
    "range": ("traced-operator", range),
    "path": ("traced-operator", os.fspath),
    "str": ("traced-format", str),
    "format": ("traced-format", lambda x: f"{x:>10}"),
    "percent": ("traced-format", lambda x: "%s" % x),  # noqa: UP031
    "print": ("traced-format", lambda x: print(x, file=open(os.devnull, "w"))),  # noqa: SIM115, PTH123
    "asarray": ("traced-array", np.asarray),
    "mean": ("traced-array", np.mean),
    "concatenate": ("traced-array", lambda x: np.concatenate([x, x])),
    "ufunc": ("traced-array", np.sqrt),
    "call": ("traced-call", lambda x: x(1)),
}


def problems_of(body: FunctionType) -> tuple[Problem, ...]:
    found = attempt(dag(body))
    return () if isinstance(found, Traced) else found


@pytest.mark.parametrize("name", MISUSES)
def test_a_misuse_is_told_once_and_the_body_goes_on(name: str) -> None:
    code, misuse = MISUSES[name]

    def body(text: hr.Text) -> hr.Text:
        misuse(text)
        return wired.shout(text, "many")  # type: ignore[arg-type]

    told = problems_of(body)
    assert [problem.code for problem in told] == [code, "constant-type"]
    assert told[0].where == "body"
    assert told[0].location
    assert told[0].location.file == __file__


@pytest.mark.parametrize(
    "harmless",
    [repr, hash, copy.copy, copy.deepcopy, type, id, lambda x: {x: 1}[x], lambda x: x in [x, 1], lambda x: [x, x]],
)
def test_what_asks_nothing_of_a_value_is_allowed(harmless: Callable[[Any], Any]) -> None:
    def body(text: hr.Text) -> hr.Text:
        harmless(text)
        return wired.shout(text)

    assert problems_of(body) == ()


def test_a_value_cannot_be_pickled() -> None:
    def body(text: hr.Text) -> hr.Text:
        pickle.dumps(text)
        return wired.shout(text)

    (problem,) = problems_of(body)
    assert problem.code == "dag-body"
    assert "cannot be pickled" in problem.got


def test_while_ends_and_the_loop_is_traced() -> None:
    def body(text: hr.Text) -> hr.Text:
        while text:
            text = wired.shout(text)
        return text

    (problem,) = problems_of(body)
    assert problem.code == "traced-bool"


def test_both_sides_of_what_poison_touches_are_silent() -> None:
    def body(text: hr.Text) -> hr.Text:
        first = text.strip().split(",")[0]
        if first == "a":
            first = first + "b"
        with first as opened, opened.other:
            for letter in opened:
                wired.join(letter, b=f"{letter}")
        return wired.join(first, f"{first!s}")

    assert [problem.code for problem in problems_of(body)] == ["traced-attribute"]


def test_taking_a_value_apart_gives_as_many_parts() -> None:
    def body(text: hr.Text) -> hr.Text:
        one, two, three = text
        first, *rest = wired.shout(text)
        return wired.join(wired.join(one, two), wired.join(three, first)) if rest else one

    told = problems_of(body)
    assert [problem.code for problem in told] == ["traced-iteration", "traced-iteration"]
    assert "NamedTuple" in told[0].write


def test_a_loop_body_is_traced_once_with_poison() -> None:
    def body(texts: hr.Many[hr.Text]) -> hr.Text:
        for text in texts:
            wired.shout(text, times="x")  # type: ignore[arg-type]
        return wired.join(a="a", c="c")  # type: ignore[call-arg]

    codes = [problem.code for problem in problems_of(body)]
    assert codes == ["traced-iteration", "constant-type", "unknown-argument", "missing-argument"]


def test_an_exception_of_the_body_is_told_with_its_line() -> None:
    def body(text: hr.Text) -> hr.Text:
        wired.shout(text, times="x")  # type: ignore[arg-type]
        return wired.shout({}["missing"])

    told = problems_of(body)
    assert [problem.code for problem in told] == ["constant-type", "dag-body"]
    assert told[1].got == "KeyError: 'missing' in {}[\"missing\"]"
    assert told[1].location
    assert told[1].location.line == inspect.getsourcelines(body)[1] + 2


def test_a_helper_beside_the_dag_is_told_by_its_own_line() -> None:
    def body(text: hr.Text) -> hr.Text:
        return helper(wired.shout(text))

    (problem,) = problems_of(body)
    assert problem.location
    assert problem.location.line == inspect.getsourcelines(helper)[1] + 1


def helper(text: hr.Text) -> hr.Text:
    return wired.shout(text + "!")


def test_await_is_told_and_the_rest_is_traced() -> None:
    async def body(text: hr.Text) -> hr.Text:
        loud = await wired.shout(text)  # type: ignore[misc]
        return wired.shout(loud, "x")

    assert [problem.code for problem in problems_of(body)] == ["async-step", "traced-await", "constant-type"]


def test_methods_of_class_steps_are_not_called_in_a_dag() -> None:
    def body(text: hr.Text) -> int:
        return wired.CountAll(offset=1).batch([text])[0]

    (problem,) = problems_of(body)
    assert (problem.code, problem.where) == ("traced-call", "CountAll")


@pytest.mark.parametrize(
    ("test", "count"),
    [
        ("text is None", 1),
        ("shouted is not None", 1),
        ("isinstance(shouted, str)", 1),
        ("type(text)", 1),
        ("spoken is None", 1),
        ("style is None", 0),
        ("isinstance(style, str)", 0),
        ("None is None", 0),
        ("shout(text) is None or spoken is text", 2),
        ("isinstance(shout(text), str)", 1),
        ("aloud is None", 0),
    ],
)
def test_tests_that_a_stand_in_cannot_notice(test: str, count: int, tmp_path: Any) -> None:
    from headrace_dags.project.check import check_module
    from headrace_dags.project.discover import load_module

    file = tmp_path / "blind.py"
    file.write_text(
        "import headrace as hr\n\n\n@hr.step\ndef shout(text: hr.Text) -> hr.Text:\n    return text\n\n\n"
        "class Aloud(hr.Stateful):\n    def __call__(self, text: hr.Text) -> hr.Text:\n        return text\n\n\n"
        "@hr.dag\ndef tested(text: hr.Text) -> hr.Text:\n    style = 'loud'\n    aloud = Aloud()\n"
        f"    shouted = shout(text)\n    spoken = aloud(shouted)\n    {test}\n    return spoken\n"
    )
    codes = [problem.code for problem in check_module(load_module(str(file)).module)]
    assert [code for code in codes if code != "unused-step"] == ["traced-test"] * count


def test_match_on_a_value_is_told() -> None:
    def body(text: hr.Text) -> hr.Text:
        match text:
            case str():
                return wired.shout(text)
            case _:
                return wired.shout(text, 2)

    assert [problem.code for problem in problems_of(body)] == ["traced-test"]
