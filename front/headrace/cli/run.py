"""``headrace run``: a dag on real inputs. Everything is looked at before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.options import AS_JSON, DAG, STATE, examples
from headrace.terminal import drop_unread, duration, ink, near, remark
from headrace_dags.errors import EnvironmentLack, Exit

if TYPE_CHECKING:
    from headrace.launch.conclude import Conclusion
    from headrace.launch.drive import Job
    from headrace.launch.prepare import Checked
    from headrace.launch.summary import Summary


@click.command(
    epilog=examples(
        "headrace run postcard.py --input picture=@sunset.png",
        "headrace run lecture.py:lecture --input video=@talk.mp4 --out results",
        "headrace run shop.py --input invoice=@scan.pdf --input currency=EUR --json",
        "headrace run frames.py --input frames=@folder/ --runtime inprocess",
    )
)
@DAG
@click.option(
    "--input",
    "-i",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="An input: a value, or @FILE. Once for each; again for more items of a Many.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to save the results.  [default: out/RUN]",
)
@click.option(
    "--runtime",
    type=click.Choice(["auto", "triton", "inprocess"]),
    help="What executes the segments.  [default: triton where it can run]",
)
@click.option("--keep", is_flag=True, help="Keep the model repository and the server's own folder.")
@STATE
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    spec: str,
    pairs: tuple[str, ...],
    out: Path | None,
    runtime: str | None,
    keep: bool,
    state: str | None,
    as_json: bool,
) -> int:
    """Run a dag on real inputs and save what comes out.

    Exit codes: 0 it succeeded, 1 a step failed, 2 bad input or definition, 3 the machine lacks something,
    4 the plan was refused, 130 interrupted.
    """
    from headrace.launch.interrupts import one_interrupt
    from headrace.launch.prepare import Request, check

    checked = check(Request(spec, pairs, runtime, state, out))
    with one_interrupt():
        end = _run(checked, keep=keep, quiet=as_json)
    try:
        click.echo(end.summary.model_dump_json()) if as_json else _tell(end.summary)
    except BrokenPipeError:  # the run ended as it ended, whether somebody reads on or not
        drop_unread()
    if end.lacks:
        raise EnvironmentLack(end.lacks)
    return int(_code(end.summary))


def _run(checked: Checked, *, keep: bool, quiet: bool) -> Conclusion:
    """Execute what was checked and save what came out; the scratch folder is gone afterwards, the record stays."""
    from headrace.launch.conclude import conclude
    from headrace.launch.drive import Job, drive
    from headrace.progress.view import view_for
    from headrace.runs import State, at_work, new_run

    here = State(checked.settings.state)
    run = new_run(here)
    if checked.chosen.banner and not quiet:
        remark(ink(sys.stderr)("warn", checked.chosen.banner))
    with at_work(here, run, keep=keep) as scratch:
        job = Job(checked, run, here, scratch)
        if keep and not quiet:
            remark(f"Kept: {scratch}")
        try:
            with view_for(job.plan, quiet=quiet) as view:
                drive(job, view)
            return conclude(job, checked.results(run))
        except KeyboardInterrupt:
            if not quiet:
                remark(_interrupted(job))
            raise


def _interrupted(job: Job) -> str:
    """How far a run came that was interrupted."""
    from headrace_events.engine.readback import RunRecord

    if not job.folder.plan.exists():
        return "The run was cancelled before it began; nothing of it is kept."
    outcome = RunRecord.read(job.folder.path).outcome
    if outcome and outcome.status != "cancelled":
        return f"Run {job.run} {outcome.status}, but its results are not saved; `headrace report` shows them."
    return f"Run {job.run} was cancelled; `headrace logs` tells how far it came."


def _tell(summary: Summary) -> None:
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


def _code(summary: Summary) -> Exit:
    """Whose fault it was."""
    if summary.status == "succeeded":
        return Exit.OK
    kind = summary.failure.kind if summary.failure else ""
    return {"input": Exit.BAD_INPUT, "environment": Exit.ENVIRONMENT}.get(kind, Exit.STEP_FAILED)
