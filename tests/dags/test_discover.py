"""Finding a dag by file or module: what is found, what is put on the path, and what is said where nothing is found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace_dags.errors import BadInput, Exit, HeadraceError
from headrace_dags.project.discover import ImportFailed, load, load_module

STEP = "import headrace as hr\n\n\n@hr.step\ndef {0}(text: hr.Text) -> hr.Text:\n    return '{1}'\n\n\n"
DAG = "@hr.dag\ndef {0}(text: hr.Text) -> hr.Text:\n    return {1}(text)\n\n\n"


@pytest.fixture(autouse=True)
def as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test in a folder of its own, and neither path nor modules left behind."""
    monkeypatch.chdir(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def written(file: str, text: str) -> Path:
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.resolve()


def one(file: str = "work.py", step: str = "shout", dag: str = "main", says: str = "a") -> Path:
    return written(file, STEP.format(step, says) + DAG.format(dag, step))


def refused(spec: str) -> HeadraceError:
    with pytest.raises(HeadraceError) as caught:
        load(spec)
    assert caught.value.exit_code == Exit.BAD_INPUT
    return caught.value


@pytest.mark.parametrize(
    "spec", ["work.py:main", "work.py", "./work.py:main", "work:main", "work", "{tmp}/work.py:main"]
)
def test_a_dag_is_found_by_file_and_by_module(spec: str, tmp_path: Path) -> None:
    file = one()
    found = load(spec.format(tmp=tmp_path))
    assert found.dag.__name__ == "main"
    assert found.module.__name__ == "work"
    assert Path(str(found.module.__file__)) == file
    assert found.import_root == tmp_path.resolve()
    assert sys.path[0] == str(found.import_root)
    assert found.dag.graph.target == "work:main"


def test_names_start_from_the_nearest_project() -> None:
    one("project/flows/deep/work.py")
    written("project/pyproject.toml", "")
    found = load("project/flows/deep/work.py")
    assert found.module.__name__ == "flows.deep.work"
    assert found.import_root.name == "project"
    assert found.dag.graph.nodes[0].step.target == "flows.deep.work:shout"


def test_a_package_is_found_by_its_name() -> None:
    written("shop/__init__.py", "")
    one("shop/flows/work.py")
    found = load("shop.flows.work:main")
    assert found.module.__name__ == "shop.flows.work"
    assert found.import_root == Path.cwd()


def test_a_folder_that_no_module_can_be_named_after_is_left_out() -> None:
    written("pyproject.toml", "")
    one("v1.2/work.py")
    found = load("v1.2/work.py")
    assert (found.module.__name__, found.import_root.name) == ("work", "v1.2")


def test_a_module_imports_what_lies_beside_it() -> None:
    written("beside.py", "WORD = 'beside'\n")
    written("work.py", "import beside\n" + STEP.format("shout", "a") + DAG.format("main", "shout"))
    assert load("work.py").module.beside.WORD == "beside"


def test_two_files_of_one_name_are_two_modules() -> None:
    one("first/work.py", says="first")
    one("second/work.py", says="second")
    first, second = load("first/work.py"), load("second/work.py")
    assert first.module is not second.module
    assert (first.dag("x"), second.dag("x")) == ("first", "second")
    assert load("second/work.py").module is second.module
    assert load("first/work.py").dag("x") == "first"


def test_what_lies_beside_each_of_two_files_of_one_name_is_its_own() -> None:
    for name in ("first", "second"):
        written(f"{name}/words.py", f"WORD = '{name}'\n")
        text = STEP.format("shout", "a").replace("'a'", "words.WORD") + DAG.format("main", "shout")
        written(f"{name}/work.py", f"import words\n{text}")
    first, second = load("first/work.py"), load("second/work.py")
    assert (first.dag("x"), second.dag("x")) == ("first", "second")


def test_a_project_inside_another_does_not_stand_for_it() -> None:
    for folder in (".", "old"):
        written(f"{folder}/pyproject.toml", "")
        written(f"{folder}/words.py", f"WORD = '{folder}'\n")
        text = STEP.format("shout", "a").replace("'a'", "words.WORD") + DAG.format("main", "shout")
        written(f"{folder}/work.py", f"import words\n{text}")
    assert load("old/work.py").dag("x") == "old"
    assert load("work.py").dag("x") == "."


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        ("wrok.py", "no-file", "Write work.py"),
        ("other/work.py:main", "no-file", "no such file"),
        (".", "no-file", "a folder. There is two.py and work.py"),
        ("./", "no-file", "a folder. There is two.py and work.py"),
        ("nothing:main", "no-module", "Give FILE:DAG"),
        ("work.py:mian", "no-dag", "got mian. Write main"),
        ("two.py:zebra", "no-dag", "Choose among one and other"),
        ("two.py", "several-dags", "got one and other. Name one: two.py:one"),
        ("work.py:shout", "no-dag", "got shout"),
        ("empty/none.py", "no-dag", "decorated with @hr.dag"),
    ],
)
def test_what_is_not_there_is_told(spec: str, code: str, words: str) -> None:
    one()
    written("two.py", STEP.format("shout", "a") + DAG.format("one", "shout") + DAG.format("other", "shout"))
    written("empty/none.py", "")
    error = refused(spec)
    assert isinstance(error, BadInput)
    assert [problem.code for problem in error.problems] == [code]
    assert words in str(error)


def test_a_dag_that_is_only_imported_is_not_counted() -> None:
    one("parts.py", dag="part")
    written("work.py", "from parts import part, shout\nimport headrace as hr\n\n\n" + DAG.format("main", "part"))
    assert load("work.py").dag.__name__ == "main"


@pytest.mark.parametrize(
    ("text", "got", "line"),
    [
        ("import math\n\nmath.sqrt('a')\n", "TypeError: must be real number, not str", 3),
        ("def broken(:\n", "SyntaxError: invalid syntax", 1),
        ("x = 1\nimport nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'", 2),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3", 2),
        ("import headrace as hr\n\nhr.Vidoe\n", "AttributeError: module 'headrace' has no attribute 'Vidoe'", 3),
        ("import beside\n", "ZeroDivisionError: division by zero", 2),
    ],
)
def test_an_import_that_fails_is_told_by_the_users_line(text: str, got: str, line: int) -> None:
    written("beside.py", "\n1 / 0\n")
    written("work.py", text)
    path = list(sys.path)
    error = refused("work.py:main")
    assert isinstance(error, ImportFailed)
    (problem,) = error.problems
    assert problem.code == "import-failed"
    assert problem.got.startswith(got.rstrip("."))
    assert problem.location
    assert problem.location.line == line
    assert "importlib" not in error.traceback
    assert "headrace_dags" not in error.traceback
    assert not {"work", "beside"} & set(sys.modules)
    assert sys.path == path


def test_a_corrected_file_can_be_imported_again() -> None:
    written("work.py", "1 / 0\n")
    refused("work.py")
    one()
    assert load("work.py").dag("x") == "a"


def test_a_module_is_loaded_whatever_it_holds() -> None:
    written("empty.py", "")
    found = load_module("empty.py:nothing")
    assert (found.module.__name__, found.dag_name) == ("empty", "nothing")


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("import headrace as hr\n\nhr.Imag\n", "Write Image"),
        ("from headrace import Imag\n", "Write Image"),
        ("import nothing_of_this_name\n", "Install nothing_of_this_name, or correct the import"),
        ("from .beside import WORD\n", "Leave out the dot, or put a pyproject.toml into the top folder of the project"),
        ("from circle import round\nhere = 1\n", "Move what both modules need into a third"),
        ("@hr.step\ndef shout(): ...\n", "Write `import headrace as hr` at the top"),
        ("text = 'a'\ntxet\n", "Write text"),
        ("1 / 0\n", "Correct the line"),
    ],
)
def test_what_to_write_where_an_import_fails(text: str, write: str) -> None:
    written("circle.py", "from work import here\nround = 1\n")
    written("work.py", text)
    (problem,) = refused("work.py").problems
    assert problem.write == write
    assert "Did you mean" not in problem.got
