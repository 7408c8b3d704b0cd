"""What to say of an exception that the user's code raised where none may be: what Python says, and what to write."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Iterable, Mapping

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.rules.names import meant

_BY_TEXT = {
    "required positional argument: 'items'": "Give the items to .map first, without a name; a class step is made before: "
    "Name().map(items)",
    "no known parent package": "Leave out the dot, or put a pyproject.toml into the top folder of the project",
    "partially initialized module": "Move what both modules need into a third",
}
_ELSE: Mapping[type[BaseException], str] = {KeyError: "Write a key that is there, or .get(key, default)"}


def said(error: BaseException) -> str:
    """What Python says of ``error``, in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error).strip().partition("\n")[0]
    text = re.sub(r"\. Did you mean.*", "", text).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def at_fault(error: BaseException, file: str, longest: int = 60) -> str:
    """The source of the expression in ``file`` that raised ``error``; empty where it is not known, or long."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == file]
    last = frames[-1] if frames else None
    if last is None or last.colno is None or last.end_colno is None or last.lineno != last.end_lineno:
        return ""
    line = linecache.getline(last.filename, last.lineno or 0).encode()  # columns count bytes
    code = line[last.colno : last.end_colno].decode(errors="ignore").strip()
    return code if len(code) <= longest else ""


def correction(error: BaseException) -> str:
    """What to write in place of what raised ``error``."""
    if advice := next((write for part, write in _BY_TEXT.items() if part in str(error)), ""):
        return advice
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"Install {error.name}, or correct the import"
    if isinstance(error, AttributeError) and isinstance(error.obj, Dag):
        return _of_dag(error.obj.__name__, error.name or "")
    if isinstance(error, AttributeError) and isinstance(error.obj, (Step, Stateful)):
        return "Call the step, or use its .map, .zip, .with_ or .tolerant"
    if isinstance(error, NameError) and error.name == "hr":
        return "Write `import headrace as hr` at the top"
    name, known = _unknown(error)
    near = meant(name, known)
    return f"Write {near}" if near else _ELSE.get(type(error), "Correct the line")


def _of_dag(dag: str, asked: str) -> str:
    """What to write in place of what a dag does not have: options are those of a step, and so is failure."""
    if asked == "tolerant":
        return (
            f"Write step.tolerant(min_success=...) in the body of {dag}, which may be mapped: there each step says it"
        )
    if asked == "with_":
        return f"Write step.with_(...) in the body of {dag}: each step has its own options"
    return "Call the dag, or use its .map or .zip"


def _unknown(error: BaseException) -> tuple[str, Iterable[str]]:
    """A name that is not there, and those that are."""
    if isinstance(error, AttributeError) and error.name:
        return error.name, dir(error.obj)
    if isinstance(error, NameError) and error.name:
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        return error.name, [*trace.tb_frame.f_locals, *trace.tb_frame.f_globals] if trace else []
    option = re.search(r"with_\(\) got an unexpected keyword argument '(\w+)'", str(error))
    if option:
        return option[1], ("retry", "timeout", "isolate", "name", "cache")
    imported = re.match(r"cannot import name '(\w+)'", str(error))
    if isinstance(error, ImportError) and imported:
        return imported[1], dir(sys.modules.get(error.name or ""))
    return "", ()
