"""Find a dag by ``FILE:DAG``, ``FILE`` or ``pkg.mod:DAG``, as the command line takes it."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from headrace_dags.declare.dag import Dag
from headrace_dags.errors import BadInput, DefinitionError, Problem
from headrace_dags.project.check import dags_in
from headrace_dags.project.fromsource import from_source
from headrace_dags.project.importroot import import_from, placed
from headrace_dags.rules.names import listed, meant
from headrace_dags.rules.raised import correction, said
from headrace_dags.running.tracebacks import innermost_location, user_frames


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A module that was imported.

    Attributes:
        module: the module.
        import_root: the folder its name starts from, which is first on ``sys.path``.
        dag_name: the dag that was named; empty where none was.
    """

    module: ModuleType
    import_root: Path
    dag_name: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A dag that was found.

    Attributes:
        dag: the dag; not traced yet.
        module: the module that declares it.
        import_root: the folder that module names and paths of model files start from.
    """

    dag: Dag[..., Any]
    module: ModuleType
    import_root: Path


class ImportFailed(DefinitionError):
    """Raised when the user's module cannot be imported.

    Attributes:
        traceback: what Python says, cut to the user's own lines.
    """

    def __init__(self, problems: Iterable[Problem], traceback: str) -> None:
        super().__init__(problems)
        self.traceback = traceback


def load(spec: str) -> Found:
    """Import the module that ``spec`` names and find its dag, the only one where none is named.

    Raises:
        BadInput: there is no such file, module or dag, or several dags and none is named.
        ImportFailed: the module cannot be imported.
    """
    found = load_module(spec)
    return Found(dag_of(spec, found), found.module, found.import_root)


def load_module(spec: str) -> FoundModule:
    """Import the module that ``spec`` names; whether it has the dag is not looked at.

    Raises:
        BadInput: there is no such file or module.
        ImportFailed: it cannot be imported.
    """
    target, dag_name = _split(spec)
    root, name = _place(target)
    try:
        return FoundModule(import_from(root, name), root, dag_name)
    except (Exception, SystemExit) as error:
        raise _failed(error, target, root) from error


def place(spec: str) -> tuple[Path, str]:
    """The import root and the module that ``spec`` names. The module itself is not imported, and may be broken.

    Raises:
        BadInput: there is no such file or module.
    """
    return _place(_split(spec)[0])


def _split(spec: str) -> tuple[str, str]:
    """The file or module, and the name of the dag if there is one."""
    target, colon, name = spec.rpartition(":")
    return (target, name) if colon and target and "/" not in name else (spec.rstrip(":"), "")


def _place(target: str) -> tuple[Path, str]:
    """The import root and the module's name."""
    if target.endswith(".py") or "/" in target or Path(target).is_file():
        return _nameable(target, placed(_existing(Path(target))))
    file = _module_file(target)
    if file is None and target and Path(target).is_dir():
        _existing(Path(target))
    if file is None:
        write = "Give FILE:DAG, e.g. dag.py:lecture, or the name of a module"
        raise BadInput(Problem("no-module", target, "expects a Python file or module", "none of that name", write))
    folder = file.parent if file.name == "__init__.py" else file
    return folder.parents[len(target.split(".")) - 1], target


def _nameable(target: str, found: tuple[Path, str]) -> tuple[Path, str]:
    """The same, where the module's name can be written down: file names need not be text."""
    try:
        found[1].encode()
    except UnicodeEncodeError:
        raise BadInput(
            Problem("no-file", target, "expects a Python file", "a name that is not UTF-8", "Rename it")
        ) from None
    return found


def _existing(file: Path) -> Path:
    if file.is_file() and file.suffix == ".py":
        return file
    if file.is_file():
        write = "Give the file that declares the dag; its name ends with .py"
        raise BadInput(Problem("no-file", str(file), "expects a Python file", "another kind of file", write))
    if file.is_dir():
        files = sorted(each.name for each in file.glob("*.py"))
        raise BadInput(Problem("no-file", str(file), "expects a Python file", "a folder", _one_of(files)))
    near = sorted(each.name for each in file.parent.glob("*.py")) if file.parent.is_dir() else []
    raise BadInput(Problem("no-file", str(file), "expects a Python file", "no such file", _one_of(near, file.name)))


def _one_of(files: list[str], name: str = "") -> str:
    """What to write where a file is not there."""
    stems = {Path(each).stem: each for each in files}  # one ending that all have makes no name near
    if near := meant(Path(name).stem, stems):
        return f"Write {stems[near]}"
    return f"There is {listed(files)}" if files else "Give the path of the file that declares the dag"


def _module_file(name: str) -> Path | None:
    """The file of a module, looked for in the working directory first. Its parents are imported, itself not."""
    from_source(Path.cwd())
    sys.path[:0] = [""]
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    finally:
        sys.path.remove("")
    return Path(spec.origin).resolve() if spec and spec.origin and spec.has_location else None


def _failed(error: BaseException, target: str, root: Path) -> ImportFailed:
    """The error that the import of the user's module ended with."""
    if isinstance(error, DefinitionError):  # of a dag that the module itself calls
        return ImportFailed(error.problems, _traceback(error, root))
    problem = Problem(
        "import-failed", target, "cannot be imported", said(error), correction(error), innermost_location(error, [root])
    )
    return ImportFailed([problem], _traceback(error, root))


def _traceback(error: BaseException, root: Path) -> str:
    """What Python says, cut to the user's lines; a file that cannot be read has run none."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).rstrip()
    return user_frames(error, [root])


def dag_of(spec: str, found: FoundModule) -> Dag[..., Any]:
    """The dag of a module that ``spec`` names; the only one where it names none.

    Raises:
        BadInput: there is no such dag, or there are several and none is named.
    """
    target, name, dags = _split(spec)[0], found.dag_name, dags_in(found.module)
    if name in dags:
        return dags[name]
    if not dags:
        write = "Write one: a function that calls steps, decorated with @hr.dag"
        raise BadInput(Problem("no-dag", target, "expects a dag", "none", write))
    if name:
        near = meant(name, dags)
        write = f"Write {near}" if near else f"Choose among {listed(dags)}"
        raise BadInput(Problem("no-dag", target, "expects the name of a dag in it", name, write))
    if len(dags) > 1:
        write = f"Name one: {target}:{next(iter(dags))}"
        raise BadInput(Problem("several-dags", target, "expects one dag, or the name of one", listed(dags), write))
    return next(iter(dags.values()))
