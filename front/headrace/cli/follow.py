"""``headrace follow``: a run of the engine, watched to its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli.completing import runs
from headrace.cli.options import AS_JSON, STATE, examples, settings_here
from headrace.terminal import drop_unread, remark

if TYPE_CHECKING:
    from headrace.durable.place import Place
    from headrace.launch.conclude import Conclusion
    from headrace_dags.plan.model import Plan


@click.command(epilog=examples("headrace follow", "headrace follow 3f2a --out results"))
@click.argument("run", required=False, shell_complete=runs)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to save the results.  [default: out/RUN]",
)
@STATE
@AS_JSON
def command(run: str | None, out: Path | None, state: str | None, as_json: bool) -> int:
    """Show how far a submitted run is until it has ended, and save its results. RUN is the beginning of its id; by default the newest.

    Ctrl-C ends the watching, not the run.

    Exit codes are those of `headrace run`.
    """
    from headrace.durable.place import Place
    from headrace.runs import State, find
    from headrace_events.engine.readback import RunRecord

    settings = settings_here({"state": state})
    found = find(State(settings.state), run)
    plan = RunRecord.read(found.folder).plan
    results = (out or settings.results / found.id).absolute()
    return followed(Place(State(settings.state)), found.id, plan, results, as_json=as_json)


def followed(place: Place, run: str, plan: Plan, results: Path, *, as_json: bool) -> int:
    """Follow a run, tell how it ended, and give the exit code."""
    try:
        end = _end(place, run, plan, results, as_json=as_json)
    except KeyboardInterrupt:
        remark(f"The run goes on: `headrace follow {run}` watches it again, `headrace cancel {run}` ends it.")
        raise
    return _told(end, as_json=as_json)


def _end(place: Place, run: str, plan: Plan, results: Path, *, as_json: bool) -> Conclusion:
    from headrace.durable.following import follow
    from headrace.launch.interrupts import one_interrupt

    with one_interrupt():
        return follow(place, run, plan, results.absolute(), quiet=as_json)


def _told(end: Conclusion, *, as_json: bool) -> int:
    from headrace.cli.ends import as_json_text, code_of, tell
    from headrace_dags.errors import EnvironmentLack

    try:
        click.echo(as_json_text(end.summary)) if as_json else tell(end.summary)
    except BrokenPipeError:  # the run ended as it ended, whether somebody reads on or not
        drop_unread()
    if end.lacks:
        raise EnvironmentLack(end.lacks)
    return int(code_of(end.summary))
