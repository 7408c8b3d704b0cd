"""``%load_ext headrace.notebook``: the cell magic ``%%headrace FILE.py``.

A server finds a step again by importing its module, which no cell is. The magic makes a cell one: it writes the cell into a
file beside the notebook, imports that file and gives its names to the notebook.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from headrace.disk import writing
from headrace_dags.errors import BadInput, HeadraceError, Problem

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MARK = "# Written by %%headrace from a notebook: change the cell, not this file."
"""The last line of a written file: only such files are written over, and lines keep the numbers they have in the cell."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give ``shell`` the magic; called by ``%load_ext headrace.notebook``."""
    from IPython.core.error import UsageError

    def headrace(line: str, cell: str) -> None:
        """Write the cell into a module beside the notebook, import it, and bring its public names into the notebook.

        %%headrace FILE.py

        Steps and dags belong into such cells: a server imports them from the file. What is wrong with them is told at once.
        """
        try:
            problems = bring(shell, line.strip(), cell)
        except HeadraceError as error:
            raise UsageError(_text(error)) from None
        if problems:
            raise UsageError("\n".join(map(str, problems)))

    shell.magics_manager.register_function(headrace, magic_kind="cell", magic_name="headrace")


def bring(shell: InteractiveShell, name: str, cell: str) -> tuple[Problem, ...]:
    """Write a cell into a file, import it and push its names; gives what is wrong with its steps and dags.

    Args:
        shell: where the names go.
        name: the file, relative to the notebook's folder.
        cell: its text.

    Raises:
        BadInput: the file cannot be a module, or another hand wrote it.
        DefinitionError: the module cannot be imported.
        EnvironmentLack: the file cannot be written.
    """
    from headrace_dags.project.check import check_module

    file = _file(folder_of(shell.user_ns), name)
    with writing(file, "cells", "name another file"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{cell.rstrip()}\n\n\n{MARK}\n", encoding="utf-8")
    module = _imported(file)
    shell.user_ns.update(public(module))
    return check_module(module)


def folder_of(namespace: Mapping[str, Any]) -> Path:
    """The notebook's folder: as VS Code names it, else the working directory, which notebooks start in."""
    notebook = namespace.get("__vsc_ipynb_file__")
    return Path(notebook).parent if isinstance(notebook, str) else Path.cwd()


def public(module: ModuleType) -> dict[str, Any]:
    """What ``from module import *`` would bring."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return {name: getattr(module, name) for name in names}


def _file(folder: Path, name: str) -> Path:
    """The file to write.

    Raises:
        BadInput: it cannot be imported by its name, or another hand wrote it.
    """
    file = folder / name
    where = f"%%headrace {name}".rstrip()
    if file.suffix != ".py" or not file.stem.isidentifier():
        expected = "expects the name of a Python file that can be imported"
        raise BadInput(Problem("notebook-file", where, expected, name or "none", "Write %%headrace steps.py"))
    if file.exists() and not file.read_text(encoding="utf-8", errors="replace").rstrip().endswith(MARK):
        expected = "a file that was not made from a cell is not written over"
        raise BadInput(Problem("notebook-file", where, expected, str(file), "Name another file, or remove this one"))
    return file


def _imported(file: Path) -> ModuleType:
    """The module of a file as it is now."""
    from headrace_dags.project.discover import load_module
    from headrace_dags.project.importroot import placed

    linecache.checkcache(str(file))
    _, name = placed(file)
    if _is_from(sys.modules.get(name), file):
        del sys.modules[name]
    module = load_module(str(file)).module
    if not _is_from(module, file):
        expected, got = f"expects module {name} from {file}", f"the one from {module.__file__ or 'Python itself'}"
        raise BadInput(Problem("module-shadowed", file.name, expected, got, "Name another file"))
    return module


def _is_from(module: ModuleType | None, file: Path) -> bool:
    place = getattr(module, "__file__", None)
    return place is not None and Path(place).resolve() == file.resolve()


def _text(error: HeadraceError) -> str:
    trace = getattr(error, "traceback", "")
    return f"{trace.rstrip()}\n{error}" if trace else str(error)
