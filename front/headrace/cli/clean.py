"""``headrace clean``: remove runs, their objects, and what a killed run left in the scratch folder."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import click

from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.runs import Past, State, busy, leftovers, past, remove, weight
from headrace.terminal import size
from headrace_dags.declare.units import UnitError, seconds
from headrace_dags.errors import BadInput, EnvironmentLack, Problem


@click.command(
    epilog=examples("headrace clean", "headrace clean --older-than 7d --yes", "headrace clean --dry-run --json")
)
@click.option("--older-than", metavar="AGE", help="Only runs older than this, e.g. 7d, 12h, 30m.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@STATE
@AS_JSON
def command(older_than: str | None, yes: bool, dry_run: bool, state: str | None, as_json: bool) -> None:
    """Remove runs and their objects. Results that were saved elsewhere stay."""
    here = state_here(state)
    runs, paths = _found(here, older_than)
    freed = weight(paths)
    what = f"{len(runs)} run{'s' if len(runs) != 1 else ''} and their objects, {size(freed)}, in {here.root}"
    ask = not (dry_run or yes or as_json) and bool(paths)
    if ask:
        click.confirm(f"Remove {what}?", abort=True, err=True)
    if not dry_run:
        remove(paths)
        _gone(here, paths)
    if as_json:
        names = [run.id for run in runs]
        click.echo(json.dumps({"runs": names, "bytes": freed, "removed": not dry_run, "state": str(here.root)}))
    else:
        click.echo(
            f"{'Would remove' if dry_run else 'Removed'} {what}." if paths else f"Nothing to remove in {here.root}."
        )


def _found(state: State, older_than: str | None) -> tuple[list[Past], list[Path]]:
    """The runs to remove, and every folder that goes with them; a run that is being executed stays."""
    before = time.time() - _age_s(older_than)
    runs = [run for run in past(state) if run.begun_at_s <= before and not busy(state, run.id)]
    names = [run.id for run in runs] + (leftovers(state) if older_than is None else [])
    return runs, [path for name in names for path in state.of(name) if path.exists()]


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
