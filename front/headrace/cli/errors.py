"""One place that turns what went wrong into text (or JSON) on the standard error, and into an exit code."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback

import click

from headrace.terminal import Ink, ink
from headrace_dags.errors import Exit, HeadraceError, Problem


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
            return _unread()
        case _:
            return _unexpected(error, as_json=as_json)


def text(problem: Problem, paint: Ink) -> str:
    """One problem as a paragraph, its place and its advice set off."""
    head = f"{problem.location} ({problem.where})" if problem.location else problem.where
    got = f", got {problem.got}" if problem.got else ""
    write = f" {paint('strong', f'{problem.write}.')}" if problem.write else ""
    return f"{paint('name', head)} [{paint('bad', problem.code)}]: {problem.expected}{got}.{write}"


def _problems(error: HeadraceError, *, as_json: bool) -> int:
    code = int(error.exit_code)
    if as_json:
        _write_json(code, [problem.as_json() for problem in error.problems])
        return code
    paint = ink(sys.stderr)
    if trace := getattr(error, "traceback", ""):
        click.echo(str(trace).rstrip("\n"), err=True)
    click.echo("\n".join(text(problem, paint) for problem in error.problems), err=True)
    return code


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        _write_json(int(Exit.BAD_INPUT), [Problem("usage", "headrace", error.format_message()).as_json()])
    else:
        error.show()
    return int(Exit.BAD_INPUT)


def _interrupted(*, as_json: bool) -> int:
    if as_json:
        _write_json(int(Exit.INTERRUPTED), [Problem("interrupted", "headrace", "Interrupted").as_json()])
    else:
        click.echo("Interrupted.", err=True)
    return int(Exit.INTERRUPTED)


def _unread() -> int:
    """Whoever read our output has gone, as ``head`` does: nothing to say, and nobody to say it to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(Exit.OK)


def _unexpected(error: BaseException, *, as_json: bool) -> int:
    """A mistake of ours: short here, whole in a file."""
    with tempfile.NamedTemporaryFile("w", prefix="headrace-crash-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    problem = Problem("internal", "headrace", f"met something it does not expect: {what}", "", f"See {file.name}")
    code = int(Exit.STEP_FAILED)
    if as_json:
        _write_json(code, [problem.as_json()])
    else:
        click.echo(f"{text(problem, ink(sys.stderr))} It is a mistake of Headrace, not yours.", err=True)
    return code


def _write_json(code: int, problems: list[dict[str, str | int]]) -> None:
    click.echo(json.dumps({"exit_code": code, "problems": problems}, ensure_ascii=False), err=True)
