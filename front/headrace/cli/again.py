"""The two ways of ``headrace run`` to run again: one step of an earlier run, or all after each change. What each is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Step:
    """What ``--step`` asks for.

    Attributes:
        spec: which dag.
        node: which node of it.
        run: the beginning of the run's id whose values it takes; ``None`` is the dag's newest.
        item: which item of a mapped node; ``None`` is all.
        state: folder of runs, of the flag; ``None`` where it is not given.
        out: where the results go, likewise.
        pdb: whether a failure opens the debugger.
        quiet: whether only a program reads.
    """

    spec: str
    node: str
    run: str | None = None
    item: int | None = None
    state: str | None = None
    out: Path | None = None
    pdb: bool = False
    quiet: bool = False


_ONLY_WITH_STEP = {"earlier": "--from", "item": "--item", "pdb": "--pdb"}
_NOT_WITH_STEP = {
    "pairs": "--input: the inputs are those of the run",
    "runtime": "--runtime: it runs in this process",
    "keep": "--keep: there is no server",
    "no_cache": "--no-cache: nothing is kept of it",
}


def require_sense(context: click.Context) -> None:
    """Refuse options that do not go together.

    Raises:
        click.UsageError: some do not.
    """
    given = context.params
    if given["node"] is None and (lonely := [flag for name, flag in _ONLY_WITH_STEP.items() if _is_given(given[name])]):
        raise click.UsageError(f"{lonely[0]} goes with --step NODE.", context)
    if given["node"] is not None and (odd := [text for name, text in _NOT_WITH_STEP.items() if _is_given(given[name])]):
        raise click.UsageError(f"--step does not go with {odd[0]}.", context)
    if given["pdb"] and (given["watch"] or given["as_json"] or not _is_terminal()):
        raise click.UsageError("--pdb needs a terminal, and goes with neither --watch nor --json.", context)


def words_without(context: click.Context, *names: str) -> list[str]:
    """The command's options and arguments as they could be typed, without the parameters ``names``."""
    return [
        word
        for parameter in sorted(context.command.params, key=lambda each: isinstance(each, click.Argument))
        if parameter.name not in names
        for word in _words(parameter, context.params.get(parameter.name or ""))
    ]


def _words(parameter: click.Parameter, value: Any) -> Iterator[str]:
    """One parameter; options as ``--name=value``, so that no value is taken for an option."""
    if not _is_given(value):
        return
    if isinstance(parameter, click.Argument):
        yield from ("--", str(value))
        return
    name = max(parameter.opts, key=len)
    if isinstance(parameter, click.Option) and parameter.is_flag:
        yield name
        return
    yield from (f"{name}={each}" for each in (value if parameter.multiple else (value,)))


def _is_given(value: Any) -> bool:
    """Whether somebody said something; an item may be 0."""
    return value is not None and value is not False and value != ()


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
