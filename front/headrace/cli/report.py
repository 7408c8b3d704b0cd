"""``headrace report``: the page of a run, made again from its record."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli.options import STATE, examples, state_here
from headrace.runs import find
from headrace.terminal import near


@click.command(epilog=examples("headrace report", "headrace report 3f2a -o talk.html"))
@click.argument("run", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it.  [default: report.html in the run's folder]",
)
@STATE
def command(run: str | None, output: Path | None, state: str | None) -> None:
    """Write the page of a run and print its path. RUN is the beginning of its id; by default the newest."""
    from headrace.report.write import write

    here = state_here(state)
    click.echo(near(write(here, find(here, run).folder, output)))
