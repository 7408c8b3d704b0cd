"""The same dag has the same digest in another process, in another folder, and with other lines and spaces; no other has."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wired

SOURCE = Path(wired.__file__)
PROGRAM = "import sys; from headrace_dags.discover import load; print(load(sys.argv[1]).dag.graph.digest)"


def digest_of(file: Path, dag: str, *flags: str) -> str:
    command = [sys.executable, *flags, "-c", PROGRAM, f"{file}:{dag}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("dag", ["counted", "spoken", "nested"])
def test_another_process_in_another_folder_agrees(dag: str, tmp_path: Path) -> None:
    copy = Path(shutil.copy(SOURCE, tmp_path / "wired.py"))
    assert digest_of(copy, dag) == getattr(wired, dag).graph.digest


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
