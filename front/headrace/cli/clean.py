"""``headrace clean``: remove runs, their objects, what a killed run left in the scratch folder; or what is kept between runs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.runs import State, busy, leftovers, past, remove, weight
from headrace.terminal import size
from headrace_dags.declare.units import UnitError, seconds
from headrace_dags.errors import BadInput, EnvironmentLack, Problem
from headrace_serving.cache.sweep import cache_folder, results_in


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be removed.

    Attributes:
        paths: its folders.
        freed_bytes: what they take.
        what: how it is called, with its size and place.
        fields: what ``--json`` says of it.
    """

    paths: list[Path]
    freed_bytes: int
    what: str
    fields: Mapping[str, object]


@click.command(
    epilog=examples(
        "headrace clean",
        "headrace clean --older-than 7d --yes",
        "headrace clean --dry-run --json",
        "headrace clean --cache",
    )
)
@click.option("--older-than", metavar="AGE", help="Only runs older than this, e.g. 7d, 12h, 30m.")
@click.option(
    "--cache",
    is_flag=True,
    help="Remove what steps with cache=True keep, and no run; with an age what was not used since.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@STATE
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    older_than: str | None, cache: bool, yes: bool, dry_run: bool, state: str | None, as_json: bool
) -> None:
    """Remove runs and their objects, or with --cache the results kept between runs. Results saved elsewhere stay."""
    here = state_here(state)
    found = _kept(here, older_than) if cache else _runs(here, older_than)
    if found.paths and not (dry_run or yes or as_json):
        click.confirm(f"Remove {found.what}?", abort=True, err=True)
    if not dry_run:
        remove(found.paths)
        _gone(here, found.paths)
    if as_json:
        end = {"bytes": found.freed_bytes, "removed": not dry_run, "state": str(here.root)}
        click.echo(json.dumps({**found.fields, **end}))
    else:
        told = f"{'Would remove' if dry_run else 'Removed'} {found.what}."
        click.echo(told if found.paths else f"Nothing to remove in {here.root}.")


def _runs(state: State, older_than: str | None) -> _Found:
    """The runs to remove, and every folder that goes with them; a run that is being executed stays."""
    before = time.time() - _age_s(older_than)
    runs = [run for run in past(state) if run.begun_at_s <= before and not busy(state, run.id)]
    names = [run.id for run in runs] + (leftovers(state) if older_than is None else [])
    paths = [path for name in names for path in state.of(name) if path.exists()]
    freed = weight(paths)
    what = f"{_count(len(runs), 'run')} and their objects, {size(freed)}, in {state.root}"
    return _Found(paths, freed, what, {"runs": [run.id for run in runs]})


def _kept(state: State, older_than: str | None) -> _Found:
    """The results kept between runs; without an age the whole folder, with what killed writers left in it."""
    folder, before = cache_folder(state.objects), time.time() - _age_s(older_than)
    tenants = sorted(folder.iterdir()) if folder.is_dir() else []
    results = [each for tenant in tenants for each in results_in(tenant) if each.used_at_s <= before]
    whole = [folder] if folder.exists() else []
    freed = sum(each.size_bytes for each in results)
    what = f"{_count(len(results), 'kept result')}, {size(freed)}, in {folder}"
    paths = whole if older_than is None else [each.folder for each in results]
    return _Found(paths, freed, what, {"results": len(results)})


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _gone(state: State, paths: Sequence[Path]) -> None:
    if left := [path for path in paths if path.exists()]:
        got = f"{len(left)} of {len(paths)} folders that cannot be removed"
        write = f"Allow it: chmod -R u+w {state.root}"
        raise EnvironmentLack(Problem("disk-refused", str(state.root), "expects to be cleaned", got, write))


def _age_s(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        return seconds(text)
    except UnitError as error:
        problem = Problem("age", "--older-than", "expects an age such as 7d, 12h or 30m", repr(text))
        raise BadInput(problem) from error
