"""What goes wrong is told in one place: text or JSON on the standard error, and the exit code it stands for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.front.conftest import Project

from headrace.cli.errors import explain, text
from headrace.terminal import Ink, duration, size, table
from headrace_dags.errors import (
    BadInput,
    DefinitionError,
    EnvironmentLack,
    HeadraceError,
    Location,
    PlanError,
    Problem,
)

PROBLEM = Problem("port-type", "read.frame", "expects Image", "Text", "Write read(frame)", Location("dag.py", 4))


@pytest.mark.parametrize(("kind", "code"), [(DefinitionError, 2), (BadInput, 2), (EnvironmentLack, 3), (PlanError, 4)])
def test_each_error_has_its_exit_code(kind: type[HeadraceError], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(kind([PROBLEM, PROBLEM]), as_json=False) == code
    line = "dag.py:4 (read.frame) [port-type]: expects Image, got Text. Write read(frame).\n"
    assert capsys.readouterr().err == line * 2


def test_problems_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    explain(BadInput(PROBLEM), as_json=True)
    told = json.loads(capsys.readouterr().err)
    assert told == {"exit_code": 2, "problems": [PROBLEM.as_json()]}
    assert (told["problems"][0]["file"], told["problems"][0]["line"]) == ("dag.py", 4)


def test_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(KeyboardInterrupt(), as_json=False) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_our_own_mistake_is_short_here_and_whole_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError) as caught:
        _ = {}["nothing\nlike it"]
    assert explain(caught.value, as_json=False) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "[internal]" in told
    assert "not yours" in told
    path = Path(told.partition("See ")[2].partition(". It is")[0])
    assert "Traceback (most recent call last)" in path.read_text(encoding="utf-8")
    path.unlink()


def test_colours_only_where_they_are_on() -> None:
    assert "\x1b" not in text(PROBLEM, Ink(on=False))
    assert text(PROBLEM, Ink(on=True)).startswith("\x1b[36mdag.py:4 (read.frame)\x1b[0m [\x1b[31;1mport-type\x1b[0m]: ")


def test_a_full_disk_is_the_environments_fault(project: Project) -> None:
    """The limit on the size of files stands for a disk without room: both are refused by the file system."""
    head = (project.folder / "talk.mp4").read_bytes()
    project.write("long.mp4", head + b"\x00\x06\x1a\x80free" + bytes(399_992))
    command = " ".join(
        project.command("run", "loud.py", "--runtime", "inprocess", "--input", "text=a", "--input", "video=@long.mp4")
    )
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 128; exec {command}"],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "[disk-full]" in done.stderr
    assert "headrace clean" in done.stderr
    assert not list((project.folder / ".headrace" / "scratch").iterdir())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 ms"), (0.0012, "1.2 ms"), (0.34, "340 ms"), (2.305, "2.31 s"), (59.999, "60.00 s"), (185, "3 min 05 s")],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_440_000, "3.4 MB"), (2e13, "20.0 TB")]
)
def test_sizes(count: float, said: str) -> None:
    assert size(count) == said


def test_columns_are_as_wide_as_they_must_be() -> None:
    assert table([("a", "bcd", "e"), ("long", "x", "")]) == "  a     bcd  e\n  long  x"
    assert table([]) == ""
