"""``headrace worker``: serves the segments of a dag and executes their tasks, as a process of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from headrace.cli.options import DAG, STATE, examples
from headrace.cli.parented import PARENT
from headrace.terminal import ink

if TYPE_CHECKING:
    from headrace_serving.failure import TaskFailure


@click.command(epilog=examples("headrace worker lecture.py:lecture", "headrace worker postcard.py --runtime inprocess"))
@DAG
@click.option(
    "--runtime",
    type=click.Choice(["auto", "triton", "container", "inprocess"]),
    help="What executes the segments.  [default: the first of triton, container, inprocess that can run]",
)
@STATE
@PARENT
def command(spec: str, runtime: str | None, state: str | None, parent: int) -> int:
    """Serve a dag and execute the tasks of its runs, until interrupted. `headrace up` starts one for each dag.

    New runs of the dag are pinned to this version of it once it answers. Several workers share the tasks.
    """
    from headrace.durable.work import work
    from headrace.launch.interrupts import one_interrupt
    from headrace.launch.prepare import Request, served
    from headrace.progress.notes import Notes

    notes = Notes()
    checked = served(Request(spec, (), runtime, state))
    if checked.chosen.banner:
        notes.note(checked.chosen.banner)
    with one_interrupt():
        failure = work(checked, parent, notes)
    return 0 if failure is None else _told(failure)


def _told(failure: TaskFailure) -> int:
    """A step cannot be served: why, and the exit code."""
    from headrace.cli.exits import exit_of
    from headrace.cli.telling import failure_lines

    for line in failure_lines(failure, "", ink(sys.stderr)):
        click.echo(line, err=True)
    return int(exit_of(failure.kind))
