"""The same dag has the same digest in another process, in another folder, and with other lines and spaces; no other has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wired

SOURCE = Path(wired.__file__)
PROGRAM = "import sys; from headrace_dags.project.discover import load; print(load(sys.argv[1]).dag.graph.digest)"


def digest_of(file: Path, dag: str, *flags: str, seed: str = "random") -> str:
    command = [sys.executable, *flags, "-c", PROGRAM, f"{file}:{dag}"]
    environment = os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


@pytest.mark.parametrize("dag", ["counted", "spoken", "nested"])
def test_another_process_in_another_folder_agrees(dag: str, tmp_path: Path) -> None:
    copy = Path(shutil.copy(SOURCE, tmp_path / "wired.py"))
    assert digest_of(copy, dag) == getattr(wired, dag).graph.digest


SETS = """
import headrace as hr
from pydantic import BaseModel

class Filters(BaseModel):
    words: dict[str, set[str]] = {"any": {"red", "green", "blue", "black"}}

class Keep(hr.Stateful):
    words: frozenset[str] = frozenset({"red", "green", "blue", "black"})
    def __call__(self, text: hr.Text, filters: Filters) -> hr.Text:
        return text

@hr.step
def mark(text: hr.Text, words: dict[str, set[str]] = {"any": {"red", "green", "blue", "black"}}) -> Filters:
    return Filters()

@hr.dag
def kept(text: hr.Text) -> hr.Text:
    return Keep(words=frozenset({"one", "two", "three", "four"}))(text, mark(text))
"""


def test_the_order_of_a_set_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "sets.py"
    file.write_text(SETS)
    assert len({digest_of(file, "kept", seed=str(seed)) for seed in range(4)}) == 1


def test_hash_seeds_optimisation_and_lines_do_not_count(tmp_path: Path) -> None:
    moved = tmp_path / "wired.py"
    moved.write_text("# A comment.\n\n\n" + SOURCE.read_text().replace("    parts = ", "\n    # Apart.\n    parts = "))
    assert digest_of(moved, "nested", "-OO", "-R") == wired.nested.graph.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("times: int = 1", "times: int = 2"),
        ("def counted(text: hr.Text, scale: float = 2.0)", "def counted(text: hr.Text, scale: float = 3.0)"),
        ("size=4", "size=5"),
        ('wait="5ms"', 'wait="6ms"'),
        ('memory="1Gi"', 'memory="2Gi"'),
        ("max_items=50", "max_items=51"),
        ("least=3", "least=4"),
        ('deadline="10m"', 'deadline="11m"'),
        ("found = words(louder(text))", "found = words(louder(text, 3))"),
        ("lengths.map(found", "lengths.with_(retry=1).map(found"),
    ],
)
def test_every_difference_counts(old: str, new: str, tmp_path: Path) -> None:
    text = SOURCE.read_text()
    assert old in text
    changed = tmp_path / "wired.py"
    changed.write_text(text.replace(old, new))
    assert digest_of(changed, "counted") != wired.counted.graph.digest
