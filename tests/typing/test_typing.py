"""Checkers see the mistakes that are planted, and nothing wrong where there is nothing. Both run as a user runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NEGATIVE = HERE / "negative.py"
FILES = [str(NEGATIVE), *(str(file) for file in sorted(HERE.glob("*positive.py")))]


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy() -> set[tuple[str, int]]:
    out = run("mypy", "--strict", "--no-error-summary", *FILES)
    return {(Path(file).name, int(line)) for file, line in re.findall(r"^(.+?):(\d+): error:", out, re.MULTILINE)}


def pyright() -> set[tuple[str, int]]:
    found = json.loads(run("pyright", "--outputjson", *FILES))
    errors = [each for each in found["generalDiagnostics"] if each["severity"] == "error"]
    return {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in errors}


def planted(checker: str) -> set[tuple[str, int]]:
    lines = NEGATIVE.read_text().splitlines()
    return {(NEGATIVE.name, at) for at, line in enumerate(lines, 1) if line.endswith(("  # both", f"  # {checker}"))}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_checker_finds_the_planted_mistakes_and_no_others(checker: Callable[[], set[tuple[str, int]]]) -> None:
    expected = planted(checker.__name__)
    assert len(expected) >= 80
    assert checker() == expected
