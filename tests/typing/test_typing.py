"""Checkers see the mistakes that are planted, and nothing wrong where there is nothing: on the wheel, with either numpy.

A line of the files beside this one may end in a mark: ``# both``, ``# mypy`` or ``# pyright`` names who finds something in
it, ``# both, numpy 2`` where that holds with one numpy only. A line without a mark is one in which nobody finds anything.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.typing.environments import LOCKS, build_wheel, environment

HERE = Path(__file__).parent
FILES = sorted(file for name in ("negative.py", "ranks.py", "*positive.py") for file in HERE.glob(name))
MARK = re.compile(r"  # (both|mypy|pyright)(?:, (numpy \d))?$")
Found = set[tuple[str, int]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


def mypy(folder: Path) -> Found:
    """As a user of ``mypy --strict`` who works in ``folder``; what it knows of libraries is kept there."""
    options = ("--config-file=", "--strict", "--no-error-summary", "--cache-dir", "mypy_cache")
    out = run(folder, "mypy", *options, "--python-executable", str(folder / "bin" / "python"))
    return {(Path(file).name, int(line)) for file, line in re.findall(r"^(.+?):(\d+): error:", out, re.MULTILINE)}


def pyright(folder: Path) -> Found:
    """As a user of pyright's strict mode who works in ``folder``."""
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    found = json.loads(run(folder, "pyright", "--outputjson", "--pythonpath", str(folder / "bin" / "python")))
    errors = [each for each in found["generalDiagnostics"] if each["severity"] == "error"]
    return {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in errors}


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command, *map(str, FILES)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def planted(checker: str, numpy: str) -> Found:
    lines = [(file.name, at, line) for file in FILES for at, line in enumerate(file.read_text().splitlines(), 1)]
    marks = ((name, at, MARK.search(line)) for name, at, line in lines)
    return {
        (name, at) for name, at, mark in marks if mark and mark[1] in ("both", checker) and mark[2] in (None, numpy)
    }


@pytest.mark.parametrize("numpy", LOCKS)
@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_checker_finds_the_planted_mistakes_and_no_others(
    checker: Callable[[Path], Found], numpy: str, wheel: Path
) -> None:
    expected = planted(checker.__name__, numpy)
    assert len(expected) >= 80
    assert checker(environment(numpy, wheel)) == expected


@pytest.mark.parametrize("numpy", LOCKS)
def test_it_is_the_wheel_with_this_numpy_that_is_checked(numpy: str, wheel: Path) -> None:
    folder = environment(numpy, wheel)
    ask = "import headrace, numpy; print(headrace.__file__); print('numpy', numpy.__version__)"
    done = subprocess.run(
        [folder / "bin" / "python", "-c", ask], cwd=folder, capture_output=True, text=True, check=True
    )
    file, version = done.stdout.splitlines()
    assert Path(file).is_relative_to(folder)
    assert version.startswith(f"{numpy}.")


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_ranks_are_lost_on_numpy_1(checker: str) -> None:
    """What only numpy 2 finds is in the marks, so that it is seen when a release of either changes it."""
    one, two = (planted(checker, numpy) for numpy in LOCKS)
    lost, kept = two - one, one - two
    assert {name for name, _ in lost | kept} == {"ranks.py"}
    assert len(lost) > len(kept)
