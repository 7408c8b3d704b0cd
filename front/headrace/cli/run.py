"""``headrace run``: a dag on real inputs. Everything is looked at before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.options import AS_JSON, DAG, STATE, examples
from headrace.terminal import duration, ink
from headrace_dags.errors import Exit

if TYPE_CHECKING:
    from headrace.launch.drive import Job
    from headrace.launch.prepare import Checked
    from headrace.launch.summary import Summary
    from headrace_events.engine.events import Outcome


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
    from headrace.launch.prepare import Request, check

    checked = check(Request(spec, pairs, runtime, state))
    job, outcome = _run(checked, keep=keep, quiet=as_json)
    summary = _summary(job, (out or checked.settings.results / job.run).absolute())
    if as_json:
        click.echo(summary.model_dump_json())
    else:
        _tell(summary)
    return int(_code(outcome))


def _run(checked: Checked, *, keep: bool, quiet: bool) -> tuple[Job, Outcome]:
    """Execute what was checked; the scratch folder is gone afterwards, the record stays."""
    from headrace.launch.drive import Job, drive
    from headrace.progress.view import view_for
    from headrace.runs import State, at_work, new_run

    here = State(checked.settings.state)
    run = new_run(here)
    if checked.chosen.banner and not quiet:
        click.echo(ink(sys.stderr)("warn", checked.chosen.banner), err=True)
    with at_work(here, run, keep=keep) as scratch:
        job = Job(checked, run, here, scratch)
        if keep and not quiet:
            click.echo(f"Kept: {scratch}", err=True)
        try:
            with view_for(job.plan, quiet=quiet) as view:
                return job, drive(job, view)
        except KeyboardInterrupt:
            if not quiet:
                click.echo(f"Run {run} was cancelled; `headrace logs {run}` tells how far it came.", err=True)
            raise


def _summary(job: Job, results: Path) -> Summary:
    """Save the results, write the page, sum up: all from the record."""
    from headrace.held import Values
    from headrace.launch.summary import summarise
    from headrace.output.save import save
    from headrace.report.story import tell
    from headrace.report.write import write
    from headrace_events.engine.readback import RunRecord
    from headrace_serving.objects.file import FileStore

    record = RunRecord.read(job.folder.path)
    story, values = tell(record), Values(record, FileStore(job.state.objects))
    succeeded = story.status == "succeeded"
    index = save(results, job.run, story.dag, values.outputs()) if succeeded else None
    report = write(job.state, job.folder.path)
    return summarise(story, job.checked.chosen, report, results if succeeded else None, index)


def _tell(summary: Summary) -> None:
    """What came out on the standard output; why nothing did on the standard error."""
    from headrace.cli.telling import failure_lines
    from headrace.launch.summary import lines, near

    if summary.status == "succeeded":
        click.echo("\n".join(lines(summary, ink())))
        return
    paint = ink(sys.stderr)
    failed = f"{paint('strong', summary.dag)} {paint('bad', summary.status)} after {duration(summary.took_s)}, run {summary.run}"
    click.echo(failed, err=True)
    for line in failure_lines(summary.failure, summary.given, paint) if summary.failure else ():
        click.echo(line, err=True)
    click.echo(f"{paint('strong', 'Report')}  {near(summary.report)}", err=True)


def _code(outcome: Outcome) -> Exit:
    """Whose fault it was."""
    if outcome.status == "succeeded":
        return Exit.OK
    kind = outcome.failure.kind if outcome.failure else ""
    return {"input": Exit.BAD_INPUT, "environment": Exit.ENVIRONMENT}.get(kind, Exit.STEP_FAILED)
