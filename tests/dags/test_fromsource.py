"""What a file holds is what runs, also where its bytecode has the size and the second of another text."""

from __future__ import annotations

import os
import py_compile
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.front.conftest import Project

from headrace_dags.project.discover import load
from headrace_dags.project.fromsource import from_source

WORK = """\
import headrace as hr
{imports}


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return {word}


@hr.dag
def main(text: hr.Text) -> hr.Text:
    return shout(text)
"""


@pytest.fixture(autouse=True)
def as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test in a folder of its own, where Python writes bytecode; path, hooks and modules are left as they were."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path, hooks, modules = list(sys.path), list(sys.path_hooks), set(sys.modules)
    yield
    sys.path[:], sys.path_hooks[:] = path, hooks
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def edited(name: str, old: str, new: str) -> Path:
    """A file that was run with a text, and edited to another one of its size within the second."""
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(old)
    os.utime(file, (1_000_000_000.1,) * 2)
    py_compile.compile(name, doraise=True)
    assert len(old) == len(new)
    file.write_text(new)
    os.utime(file, (1_000_000_000.7,) * 2)
    return file


def work(old: str, new: str, imports: str = "") -> None:
    edited("work.py", WORK.format(imports=imports, word=old), WORK.format(imports=imports, word=new))


def test_an_edit_that_bytecode_does_not_know_of_is_run() -> None:
    work("'old'", "'new'")
    assert load("work.py").dag("x") == "new"


def test_so_is_one_of_what_the_module_imports() -> None:
    edited("beside.py", "WORD = 'old'\n", "WORD = 'new'\n")
    edited("shop/__init__.py", "SIGN = '?'\n", "SIGN = '!'\n")
    edited("shop/deep/word.py", "WORD = 'old'\n", "WORD = 'new'\n")
    imports = "import beside, shop\nfrom shop.deep import word as deep\n"
    Path("work.py").write_text(WORK.format(imports=imports, word="beside.WORD + deep.WORD + shop.SIGN"))
    assert load("work.py").dag("x") == "newnew!"


def test_so_is_one_of_a_package_that_is_named_by_its_module() -> None:
    edited("shop/__init__.py", "WORD = 'old'\n", "WORD = 'new'\n")
    Path("shop/work.py").write_text(WORK.format(imports="import shop", word="shop.WORD"))
    assert load("shop.work:main").dag("x") == "new"


def test_no_bytecode_is_written(tmp_path: Path) -> None:
    Path("beside.py").touch()
    Path("work.py").write_text(WORK.format(imports="import beside", word="text"))
    load("work.py")
    assert not list(tmp_path.rglob("*.pyc"))


def test_libraries_keep_their_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / ".venv" / "lib" / "site-packages"
    place.mkdir(parents=True)
    (place / "some_library.py").touch()
    monkeypatch.syspath_prepend(place)
    Path("work.py").write_text(WORK.format(imports="import some_library", word="text"))
    load("work.py")
    assert [file.parent.parent for file in tmp_path.rglob("*.pyc")] == [place]


def test_a_folder_that_was_imported_from_before_counts_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    Path("first_module.py").touch()
    edited("second_module.py", "WORD = 'old'\n", "WORD = 'new'\n")
    import first_module  # type: ignore[import-not-found]  # noqa: F401  # pyright: ignore[reportMissingImports]

    from_source(tmp_path)
    import second_module  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

    assert second_module.WORD == "new"


@pytest.mark.parametrize("runtime", ["inprocess", "triton"])
def test_a_server_runs_it_too(runtime: str, tmp_path: Path) -> None:
    edited("beside.py", "WORD = 'old'\n", "WORD = 'new'\n")
    work("beside.WORD + 'old'", "beside.WORD + 'new'", "import beside")
    given = ("work.py", "-i", "text=x")
    done = Project(tmp_path).headrace("run", *given, "--runtime", runtime, "--json", PYTHONDONTWRITEBYTECODE="")
    assert done.json["outputs"][0]["value"] == "newnew"
    assert {file.name.partition(".")[0] for file in tmp_path.rglob("*.pyc")} == {"beside", "work"}
