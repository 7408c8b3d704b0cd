"""One place that turns what went wrong into text (or JSON) on the standard error, and into an exit code."""

from __future__ import annotations

import errno
import json
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path

import click

from headrace.disk import refusal
from headrace.terminal import Ink, drop_unread, ink, legible, remark
from headrace_dags.errors import EnvironmentLack, Exit, HeadraceError, Problem


def explain(error: BaseException, *, as_json: bool) -> int:
    """Report ``error`` and give the exit code it stands for."""
    match error:
        case HeadraceError():
            return _problems(error, as_json=as_json)
        case click.ClickException():
            return _usage(error, as_json=as_json)
        case KeyboardInterrupt() | click.Abort():
            return _interrupted(as_json=as_json)
        case BrokenPipeError():
            drop_unread()
            return int(Exit.OK)
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            return _unwritten(error, as_json=as_json)
        case _:
            return _unexpected(error, as_json=as_json)


def text(problem: Problem, paint: Ink) -> str:
    """One problem as a paragraph, its place and its advice set off."""
    show = partial(legible, lines=True)
    head = show(f"{problem.location} ({problem.where})" if problem.location else problem.where)
    got = f", got {show(problem.got)}" if problem.got else ""
    write = f" {paint('strong', f'{show(problem.write)}.')}" if problem.write else ""
    return f"{paint('name', head)} [{paint('bad', problem.code)}]: {show(problem.expected)}{got}.{write}"


def _problems(error: HeadraceError, *, as_json: bool) -> int:
    code = int(error.exit_code)
    if as_json:
        _write_json(code, [problem.as_json() for problem in error.problems])
        return code
    paint = ink(sys.stderr)
    if trace := getattr(error, "traceback", ""):
        remark(legible(str(trace).rstrip("\n"), lines=True))
    remark("\n".join(text(problem, paint) for problem in error.problems))
    return code


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        _write_json(int(Exit.BAD_INPUT), [Problem("usage", "headrace", error.format_message()).as_json()])
    else:
        try:
            error.show()
        except OSError:  # nobody reads it: the exit code tells
            drop_unread()
    return int(Exit.BAD_INPUT)


def _interrupted(*, as_json: bool) -> int:
    if as_json:
        _write_json(int(Exit.INTERRUPTED), [Problem("interrupted", "headrace", "Interrupted").as_json()])
    else:
        remark("Interrupted.")
    return int(Exit.INTERRUPTED)


def _unwritten(error: OSError, *, as_json: bool) -> int:
    """The machine's fault, wherever we were: mostly our output goes to a file on a full disk."""
    drop_unread()
    place = Path(error.filename or "standard output")
    return _problems(EnvironmentLack(refusal(error, place, "results", "let it go elsewhere")), as_json=as_json)


def _unexpected(error: BaseException, *, as_json: bool) -> int:
    """A mistake of ours: short here, whole in a file."""
    what = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
    problem = Problem("internal", "headrace", f"met something it does not expect: {what}", "", _kept(error))
    code = int(Exit.STEP_FAILED)
    if as_json:
        _write_json(code, [problem.as_json()])
    else:
        remark(f"{text(problem, ink(sys.stderr))} It is a mistake of Headrace, not yours.")
    return code


def _kept(error: BaseException) -> str:
    """Where the whole traceback is to be seen; on the terminal where no file can be written."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="headrace-crash-", suffix=".txt", delete=False) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        traceback.print_exception(error)
        return ""
    return f"See {file.name}"


def _write_json(code: int, problems: list[dict[str, str | int]]) -> None:
    remark(json.dumps({"exit_code": code, "problems": problems}, ensure_ascii=False))
