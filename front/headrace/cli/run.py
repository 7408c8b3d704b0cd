"""``headrace run``: a dag on real inputs. Everything is looked at before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.again import Step, require_sense
from headrace.cli.completing import nodes, runs
from headrace.cli.ends import as_json_text, code_of, code_of_failure, tell
from headrace.cli.options import AS_JSON, DAG, STATE, examples
from headrace.terminal import aside, drop_unread, ink, remark
from headrace_dags.errors import EnvironmentLack

if TYPE_CHECKING:
    from headrace.launch.conclude import Conclusion
    from headrace.launch.drive import Job
    from headrace.launch.prepare import Checked


@click.command(
    epilog=examples(
        "headrace run postcard.py --input picture=@sunset.png",
        "headrace run lecture.py:lecture --input video=@talk.mp4 --out results",
        "headrace run shop.py --input invoice=@scan.pdf --input currency=EUR --json",
        "headrace run frames.py --input frames=@folder/ --runtime inprocess",
        "headrace run postcard.py --input picture=@sunset.png --runtime container",
        "headrace run postcard.py --input picture=@sunset.png --watch",
        "headrace run shop.py --input invoice=@scan.pdf --no-cache",
        "headrace run postcard.py --step colour --from 3f2a --item 2 --pdb",
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
    type=click.Choice(["auto", "triton", "container", "inprocess"]),
    help="What executes the segments.  [default: the first of triton, container, inprocess that can run]",
)
@click.option(
    "--no-cache", is_flag=True, help="Compute all of it: use no results that steps with cache=True kept, and keep none."
)
@click.option("--keep", is_flag=True, help="Keep the model repository and the server's own folder.")
@click.option(
    "--watch",
    is_flag=True,
    help="Run again after each change of the code or an input. On Triton the server starts anew each time.",
)
@click.option(
    "--step",
    "node",
    metavar="NODE",
    shell_complete=nodes,
    help="Run this node alone, in this process, on what an earlier run recorded.",
)
@click.option(
    "--from",
    "earlier",
    metavar="RUN",
    shell_complete=runs,
    help="With --step: the beginning of that run's id.  [default: the dag's newest]",
)
@click.option("--item", type=int, metavar="N", help="With --step: one item of a mapped node, from 0.  [default: all]")
@click.option("--pdb", is_flag=True, help="With --step: open the debugger where it fails.")
@STATE
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    spec: str,
    pairs: tuple[str, ...],
    out: Path | None,
    runtime: str | None,
    no_cache: bool,
    keep: bool,
    watch: bool,
    node: str | None,
    earlier: str | None,
    item: int | None,
    pdb: bool,
    state: str | None,
    as_json: bool,
) -> int:
    """Run a dag on real inputs and save what comes out.

    With --step only one node runs, on the values that it was given in an earlier run. Inside a segment values are not
    recorded: there the nodes before it run first. Nothing of it is recorded.

    Exit codes: 0 it succeeded, 1 a step failed, 2 bad input or definition, 3 the machine lacks something,
    4 the plan was refused, 130 interrupted.
    """
    from headrace.launch.interrupts import one_interrupt
    from headrace.launch.prepare import Request, check

    require_sense(click.get_current_context())
    if watch:
        return _again_and_again(spec, pairs)
    if node is not None:
        return _one(Step(spec, node, earlier, item, state, out, pdb, as_json))

    checked = check(Request(spec, pairs, runtime, state, out, cache=not no_cache))
    with one_interrupt():
        end = _run(checked, keep=keep, quiet=as_json)
    try:
        click.echo(as_json_text(end.summary)) if as_json else tell(end.summary)
    except BrokenPipeError:  # the run ended as it ended, whether somebody reads on or not
        drop_unread()
    if end.lacks:
        raise EnvironmentLack(end.lacks)
    return int(code_of(end.summary))


def _again_and_again(spec: str, pairs: tuple[str, ...]) -> int:
    """Run after each change until Ctrl-C."""
    from headrace.cli.again import words_without
    from headrace.launch.interrupts import one_interrupt
    from headrace.launch.watch import Loop
    from headrace.launch.watched import watched

    words = words_without(click.get_current_context(), "watch")
    with one_interrupt():
        return int(Loop(["run", *words], lambda: watched(spec, pairs), ink(sys.stderr)).go())


def _one(step: Step) -> int:
    """Run one node, and say what it gave on the standard output; why it gave nothing on the standard error."""
    from headrace.onestep.drive import run_step
    from headrace.onestep.summary import lines

    summary = run_step(step)
    if step.quiet:
        click.echo(as_json_text(summary))
    else:
        failed = summary.failure is not None
        click.echo("\n".join(lines(summary, ink(sys.stderr if failed else sys.stdout))), err=failed)
    return int(code_of_failure(summary.failure))


def _run(checked: Checked, *, keep: bool, quiet: bool) -> Conclusion:
    """Execute what was checked and save what came out; the scratch folder is gone afterwards, the record stays."""
    from headrace.launch.conclude import conclude
    from headrace.launch.drive import Job, drive_first
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
            with aside(), view_for(job.plan, quiet=quiet) as view:
                job = drive_first(job, view)
            return conclude(here, run, job.checked.chosen, checked.results(run))
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
