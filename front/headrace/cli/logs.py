"""``headrace logs``: what happened in a run, from its record."""

from __future__ import annotations

import click

from headrace.cli.options import AS_JSON, STATE, examples, state_here
from headrace.runs import find


@click.command(epilog=examples("headrace logs", "headrace logs 3f2a --json | tail -n 3", "headrace logs --server"))
@click.argument("run", required=False)
@click.option("--server", is_flag=True, help="Show what the server wrote instead.")
@STATE
@AS_JSON
def command(run: str | None, server: bool, state: str | None, as_json: bool) -> None:
    """Tell what happened in a run. RUN is the beginning of its id; by default the newest.

    With --json an event a line, as recorded, and the outcome last.
    """
    from headrace.cli.telling import as_records, as_text, server_log
    from headrace_events.engine.readback import RunRecord

    folder = find(state_here(state), run).folder
    if server:
        click.echo(server_log(folder), nl=False)
        return
    record = RunRecord.read(folder)
    for line in as_records(record) if as_json else as_text(record):
        click.echo(line)
