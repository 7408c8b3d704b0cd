"""``headrace cancel``: ask for the end of a run of the engine."""

from __future__ import annotations

import click

from headrace.cli.completing import runs
from headrace.cli.options import STATE, examples, state_here


@click.command(epilog=examples("headrace cancel 3f2a", "headrace cancel 3f2a --reason 'the wrong file'"))
@click.argument("run", shell_complete=runs)
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who look at the run later.")
@STATE
def command(run: str, reason: str, state: str | None) -> None:
    """Ask for the end of a submitted run. RUN is its id, or the beginning of that of one that has begun.

    Its tasks are stopped, and it ends as cancelled, unless it has ended before.
    """
    from headrace.durable.door import cancel
    from headrace.runs import find

    here = state_here(state)
    cancel(here, run if (here.runs / run).exists() else _whole(run) or find(here, run).id, reason)


def _whole(run: str) -> str:
    """The id itself, where it is whole: of a run that has not begun there is no record."""
    return run if run.count("-") == 2 else ""
