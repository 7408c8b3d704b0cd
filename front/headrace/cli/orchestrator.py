"""``headrace orchestrator``: the part of the engine that folds events and orders tasks, as a process of its own."""

from __future__ import annotations

import click

from headrace.cli.options import STATE, examples, state_here
from headrace.cli.parented import PARENT


@click.command(
    epilog=examples("headrace orchestrator", "headrace orchestrator --name replica-1 --state /var/lib/headrace")
)
@click.option(
    "--name", default="", metavar="NAME", help="Take the place of the replica before it by that name, at once."
)
@STATE
@PARENT
def command(name: str, state: str | None, parent: int) -> None:
    """Fold the events of runs and order their tasks, until interrupted. `headrace up` starts one.

    Several replicas share the runs; one that is killed is replaced by the others, or by its next start.
    """
    from headrace.durable.work import orchestrate
    from headrace.launch.interrupts import one_interrupt
    from headrace.progress.notes import Notes

    with one_interrupt():
        orchestrate(state_here(state), name, parent, Notes())
