"""Every code that an error may carry can be explained."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.front.conftest import Project

from headrace.cli.codes import OTHER_TITLES
from headrace_dags.rules.registry import TITLES

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


def test_a_code_is_explained(project: Project) -> None:
    told = project.headrace("explain", "port-type").out
    assert told.startswith(f"port-type  {TITLES['port-type']}.\n")
    assert re.search(r"^Bad\n\n    (from|import) ", told, re.MULTILINE)
    assert re.search(r"^Good\n\n    (from|import) ", told, re.MULTILINE)
    assert project.headrace("explain", "disk-full").out == f"disk-full  {OTHER_TITLES['disk-full']}.\n"


def test_a_code_that_is_none(project: Project) -> None:
    done = project.headrace("explain", "port-typ")
    assert done.code == 2
    assert "Write port-type." in done.err


def test_all_codes_are_listed(run_command: Callable[..., Any]) -> None:
    lines = run_command("explain").output.splitlines()
    assert {line.split()[0] for line in lines} == set(TITLES) | set(OTHER_TITLES)
