"""Each rule has a bad dag of its own and says of it, and only of it, what its golden file holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from headrace_dags.errors import Problem
from headrace_dags.project.check import check_module
from headrace_dags.project.discover import ImportFailed, load_module
from headrace_dags.rules.registry import TITLES

HERE = Path(__file__).parent
SOURCES = Path(__file__).parents[2] / "dags" / "headrace_dags"
DECLARING = (
    "declare/literals.py",
    "ports/annotations.py",
    "ports/arrays.py",
    "ports/common.py",
    "ports/jsontypes.py",
    "ports/refusals.py",
    "rules",
)
UNREACHED = {"port-missing", "port-unresolved"}  # what the door of annotations says where no rule has spoken before


def problems_of(file: str) -> tuple[Problem, ...]:
    """What is wrong with a file; a module may be refused while it is imported."""
    try:
        return check_module(load_module(file).module)
    except ImportFailed as error:
        return error.problems


@pytest.mark.parametrize("code", TITLES)
def test_rule_objects_to_its_bad_dag(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    problems = problems_of(f"bad/{code.replace('-', '_')}.py")
    assert [problem.code for problem in problems] == [code]
    assert str(problems[0]) == (HERE / "golden" / f"{code}.txt").read_text().rstrip("\n")


def test_every_bad_dag_and_every_golden_message_belongs_to_a_rule() -> None:
    assert {file.stem.replace("_", "-") for file in (HERE / "bad").glob("*.py")} == set(TITLES)
    assert {file.stem for file in (HERE / "golden").glob("*.txt")} == set(TITLES)


def test_every_code_in_the_source_is_registered() -> None:
    files = [file for name in DECLARING for file in sorted((SOURCES / name).rglob("*.py")) or [SOURCES / name]]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    codes = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "Misfit" and isinstance(call.args[0], ast.Constant)
    }
    assert codes - UNREACHED == set(TITLES)


def test_the_good_counterpart_gives_no_problem() -> None:
    assert check_module(load_module(str(HERE / "good.py")).module) == ()


def test_the_good_counterpart_runs() -> None:
    from headrace_dags.project.discover import load

    assert load(f"{HERE / 'good.py'}:whole").dag("one two three").text == "8 1 2 <one!"


@pytest.mark.parametrize("code", TITLES)
def test_messages_are_sentences(code: str) -> None:
    text = (HERE / "golden" / f"{code}.txt").read_text().rstrip("\n")
    assert text.endswith(".")
    assert not text.endswith("..")
    assert f"[{code}]: " in text
    assert len(text) < 320
