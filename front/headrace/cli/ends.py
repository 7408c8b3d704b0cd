"""How a run ended, on the terminal and as an exit code; for every command that waits for one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from headrace.cli.exits import exit_of
from headrace.terminal import duration, ink, near
from headrace_dags.errors import Exit

if TYPE_CHECKING:
    from headrace.launch.summary import Summary
    from headrace_dags.record import Record
    from headrace_serving.failure import TaskFailure


def as_json_text(summary: Record) -> str:
    """One object. Its paths may be no UTF-8, which pydantic's own writer refuses."""
    return json.dumps(summary.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def tell(summary: Summary) -> None:
    """What came out on the standard output; why nothing did on the standard error."""
    from headrace.cli.telling import failure_lines
    from headrace.launch.summary import lines

    if summary.status == "succeeded":
        click.echo("\n".join(lines(summary, ink())))
        return
    paint = ink(sys.stderr)
    when = f"after {duration(summary.took_s)}" if summary.took_s else "before its first task"
    click.echo(f"{paint('strong', summary.dag)} {paint('bad', summary.status)} {when}, run {summary.run}", err=True)
    for line in failure_lines(summary.failure, summary.given, paint, brief=True) if summary.failure else ():
        click.echo(line, err=True)
    if summary.report:
        click.echo(f"{paint('strong', 'Report')}  {near(summary.report)}", err=True)


def code_of(summary: Summary) -> Exit:
    """Whose fault it was."""
    if summary.status != "succeeded" and summary.failure is None:
        return Exit.STEP_FAILED
    return code_of_failure(summary.failure)


def code_of_failure(failure: TaskFailure | None) -> Exit:
    """Whose fault a failure is."""
    if failure is None:
        return Exit.OK
    return exit_of(failure.kind)
