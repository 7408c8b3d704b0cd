"""``headrace submit``: a run for the engine that `headrace up` started. Accepted means answered."""

from __future__ import annotations

import json
from pathlib import Path

import click

from headrace.cli.options import AS_JSON, DAG, STATE, examples
from headrace.terminal import remark


@click.command(
    epilog=examples(
        "headrace submit postcard.py --input picture=@sunset.png",
        "headrace submit lecture.py:lecture --input video=@talk.mp4 --follow --out results",
        "headrace submit shop.py --input invoice=@scan.pdf --key invoice-4711",
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
@click.option("--key", default="", metavar="KEY", help="Run once what is submitted several times with the same key.")
@click.option(
    "--priority", type=click.IntRange(-100, 100), default=0, show_default=True, help="The higher, the earlier."
)
@click.option("--follow", "-f", is_flag=True, help="Wait until it has ended, show how far it is, and save the results.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the dag to be up.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --follow: where to save the results.  [default: out/RUN]",
)
@STATE
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    spec: str,
    pairs: tuple[str, ...],
    key: str,
    priority: int,
    follow: bool,
    wait: float,
    out: Path | None,
    state: str | None,
    as_json: bool,
) -> int:
    """Submit a run to the dags that are up, and print its id.

    Once the id is printed the run is accepted: it will be answered, whatever dies meanwhile, as soon as the engine is up.

    Exit codes: 0 it is accepted; with --follow those of `headrace run`.
    """
    from headrace.cli.follow import followed
    from headrace.durable.door import Request, submit

    if out is not None and not follow:
        raise click.UsageError("--out says where results are saved: it goes with --follow.")
    accepted = submit(Request(spec, pairs, key, priority, state, wait))
    if follow:
        if not as_json:
            remark(f"Accepted: {accepted.run}")
        return followed(
            accepted.place, accepted.run, accepted.plan, out or accepted.results / accepted.run, as_json=as_json
        )
    click.echo(json.dumps({"run": accepted.run}) if as_json else accepted.run)
    return 0
