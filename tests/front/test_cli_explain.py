"""Every code that an error may carry can be explained."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.front.conftest import Project

from headrace.cli.advice import ADVICE
from headrace.cli.codes import OTHER_GROUPS, OTHER_TITLES
from headrace_dags.rules.registry import GROUPS, TITLES

ROOT = Path(__file__).parents[2]
ROOMS = ("front", "dags", "modelmesh", "serving", "events")
NAMES = {"Problem", "Misfit", "Unfit"}
SAID_BY_OTHERS = {"port-missing", "port-unresolved", "input-type"}
"""Said only to callers in Python, where no rule has spoken before."""


def codes(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES and node.args:
            first = node.args[0]
            for each in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def test_every_code_has_a_title() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    found = {code for file in files for code in codes(file)}
    assert len(found) > 60
    assert found - SAID_BY_OTHERS <= set(TITLES) | set(OTHER_TITLES)


def test_no_code_is_explained_twice() -> None:
    assert not set(TITLES) & set(OTHER_TITLES)


def test_a_rule_is_explained_with_its_examples(project: Project) -> None:
    out = project.headrace("explain", "many-needs-map").out
    assert out.startswith(f"many-needs-map  {TITLES['many-needs-map']}.\n\nWhether a step runs once for all")
    bad, _, good = out.partition("\nInstead of\n")[2].partition("\nWrite\n")
    assert "    return shout(texts)\n" in bad
    assert "    return join(shout.map(texts))\n" in good


def test_another_code_is_explained_with_what_to_do(project: Project) -> None:
    out = project.headrace("explain", "extra-onnx").out
    assert out == f"extra-onnx  {OTHER_TITLES['extra-onnx']}.\n\n{ADVICE['extra-onnx']}\n"
    assert project.headrace("explain", "no-file").out == f"no-file  {OTHER_TITLES['no-file']}.\n"


def test_an_explanation_as_json(run_command: Callable[..., Any]) -> None:
    found = json.loads(run_command("explain", "port-type", "--json").output)
    assert list(found) == ["port-type"]
    assert set(found["port-type"]) == {"group", "title", "text", "bad", "good"}
    listed = json.loads(run_command("explain", "--json").output)
    assert set(listed) == set(TITLES) | set(OTHER_TITLES)
    assert listed["no-file"] == {"group": "Finding a dag", "title": OTHER_TITLES["no-file"]}


def test_advice_is_for_codes_and_ends_as_a_sentence() -> None:
    assert set(ADVICE) <= set(OTHER_TITLES)
    assert all(text.endswith(".") for text in ADVICE.values())


def test_a_code_that_is_none(project: Project) -> None:
    done = project.headrace("explain", "port-typ")
    assert done.code == 2
    assert "Write port-type." in done.err


def test_all_codes_are_listed(run_command: Callable[..., Any]) -> None:
    lines = run_command("explain").output.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [*GROUPS, *OTHER_GROUPS]
    listed = [line.split()[0] for line in lines if line.startswith(" ")]
    assert listed == [*TITLES, *OTHER_TITLES]
