"""``headrace logs``: what happened in a run, from its record; also while it goes on."""

from __future__ import annotations

import sys

import click

from headrace.cli.completing import nodes, runs
from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.runs import Past, State, find


@click.command(
    epilog=examples(
        "headrace logs",
        "headrace logs --follow",
        "headrace logs 3f2a --node transcribe",
        "headrace logs 3f2a --json | tail -n 3",
        "headrace logs --server",
    )
)
@click.argument("run", required=False, shell_complete=runs)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@click.option(
    "--node", metavar="NODE", shell_complete=nodes, help="Only the tasks of the segment that serves this node."
)
@click.option("--server", is_flag=True, help="Show what the server wrote instead.")
@STATE
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    run: str | None, follow: bool, node: str | None, server: bool, state: str | None, as_json: bool
) -> None:
    """Tell what happened in a run. RUN is the beginning of its id; by default the newest.

    With --json an event a line, as recorded, and the outcome last.
    """
    if server and (node is not None or as_json):
        raise click.UsageError("--server shows what the server wrote: neither --node nor --json goes with it.")
    here = state_here(state)
    found = find(here, run)
    if server:
        _server(here, found, follow=follow)
    else:
        _events(here, found, node, follow=follow, as_json=as_json)


def _server(here: State, run: Past, *, follow: bool) -> None:
    from headrace.cli.following import server_log

    for piece in server_log(here, run, following=follow):
        click.echo(piece, nl=False)
        sys.stdout.flush()


def _events(here: State, run: Past, node: str | None, *, follow: bool, as_json: bool) -> None:
    from headrace.cli import following, telling
    from headrace_events.engine.readback import RunRecord

    record = RunRecord.read(run.folder)
    segment = telling.segment_of(record, node) if node is not None else ""
    if follow:
        lines = following.follow(here, run, segment, json=as_json)
    else:
        lines = telling.as_records(record, segment) if as_json else telling.as_text(record, segment)
    for line in lines:
        click.echo(line)
