"""The notebook magic in a real IPython shell: a cell becomes a module that a server can import."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from tests.front.conftest import Project

from headrace.notebook import MARK

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "notebooks.md"
CELL = """\
import headrace as hr

_private = 1


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def loud(text: hr.Text) -> hr.Text:
    return shout(text)
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell in an empty folder, with the extension loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    made = InteractiveShell.instance()
    made.run_cell("%load_ext headrace.notebook")
    yield made
    InteractiveShell.clear_instance()
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def typed(shell: InteractiveShell, cell: str, name: str = "steps_of_cell.py") -> bool:
    return shell.run_cell(f"%%headrace {name}\n{cell}").success


def test_a_cell_becomes_a_module_whose_names_are_there(shell: InteractiveShell, tmp_path: Path) -> None:
    assert typed(shell, CELL)
    assert shell.run_cell("answer = loud('mill')").success
    assert shell.user_ns["answer"] == "MILL"
    assert "hr" in shell.user_ns
    assert "_private" not in shell.user_ns
    assert shell.user_ns["loud"].graph.nodes[0].step.target == "steps_of_cell:shout"
    assert (tmp_path / "steps_of_cell.py").read_text(encoding="utf-8") == f"{CELL}\n\n{MARK}\n"


def test_what_a_cell_wrote_is_run_by_the_command_line(shell: InteractiveShell, tmp_path: Path) -> None:
    assert typed(shell, CELL)
    done = Project(tmp_path).headrace("run", "steps_of_cell.py", "-i", "text=mill", "--runtime", "inprocess", "--json")
    assert done.json["outputs"][0]["value"] == "MILL"


def test_an_edited_cell_is_what_runs(shell: InteractiveShell) -> None:
    """Of the same size and in the same second, so that stale bytecode would be taken for its own."""
    assert typed(shell, CELL)
    for method in ("lower", "title", "upper"):
        assert typed(shell, CELL.replace("text.upper", f"text.{method}"))
        shell.run_cell("answer = loud('mill wheel')")
        assert shell.user_ns["answer"] == getattr("mill wheel", method)()


def test_a_steps_cell_and_a_dags_cell(shell: InteractiveShell) -> None:
    steps, dag = CELL.split("@hr.dag")
    assert typed(shell, steps, "of_steps.py")
    assert typed(shell, f"import headrace as hr\nfrom of_steps import shout\n\n\n@hr.dag{dag}", "of_dag.py")
    shell.run_cell("answer = loud('a')")
    assert shell.user_ns["answer"] == "A"


def test_mistakes_are_told_at_the_cell(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert not typed(shell, CELL.replace("text: hr.Text", "text: bytes"))
    said = capsys.readouterr().err
    assert "UsageError: " in said
    assert "steps_of_cell.py:7 (shout.text) [port-bytes]" in said
    assert "Traceback" not in said


def test_a_cell_that_cannot_be_imported(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(shell, CELL)
    assert not typed(shell, "price = 1 / 0\n")
    said = capsys.readouterr().err
    assert "[import-failed]" in said
    assert "price = 1 / 0" in said
    assert typed(shell, CELL), "it can be put right"


@pytest.mark.parametrize("name", ["", "steps.txt", "my steps.py", "1st.py"])
def test_a_name_that_is_no_modules(name: str, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert not typed(shell, CELL, name)
    assert "[notebook-file]" in capsys.readouterr().err


def test_other_files_are_spared(shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n", encoding="utf-8")
    assert not typed(shell, CELL, "mine.py")
    assert "is not written over" in capsys.readouterr().err
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == "x = 1\n"


def test_a_name_that_python_has_itself(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert not typed(shell, CELL, "json.py")
    assert "[module-shadowed]" in capsys.readouterr().err


def test_a_step_of_a_plain_cell_is_refused_with_the_way_out(project: Project) -> None:
    """What a cell declares lies in ``__main__``, as what a script declares does."""
    script = (
        f"{CELL}\n\nfrom pathlib import Path\nfrom headrace.cli.opening import plan_of\nplan_of(loud.graph, Path())\n"
    )
    project.write("script.py", script)
    done = project.through('"$1" script.py')
    assert "[not-importable]" in done.err
    assert "begin its cell with %%headrace FILE.py" in done.err


def test_the_cells_of_the_page_work(shell: InteractiveShell) -> None:
    cells = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(cells) >= 4
    for cell in cells:
        assert shell.run_cell(cell).success, cell
        assert not shell.user_ns.get("_exit_code"), cell
