"""``headrace diff``: what a change would redeploy and why, and what callers would see."""

from __future__ import annotations

from collections.abc import Iterator

import click

from headrace.cli.options import AS_JSON, examples
from headrace.terminal import Ink, ink
from headrace_dags.errors import Exit


@click.command(
    epilog=examples(
        "headrace plan postcard.py --json > before.json && headrace diff before.json postcard.py",
        "headrace diff .headrace/runs/0-3f2a... postcard.py",
        "headrace diff ../main/postcard.py postcard.py --target kubernetes --platform gke",
        "headrace diff build postcard.py --json | jq '.segments[].fate'",
    )
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--target",
    type=click.Choice(["local", "kubernetes"]),
    help="Where dags that are planned now are to run.  [default: that of the other plan, else local]",
)
@click.option(
    "--platform", metavar="NAME", help="The kubernetes platform.  [default: that of the other plan, else plain]"
)
@click.option("--exit-code", is_flag=True, help="End with 1 where any segment does not stay as it is.")
@AS_JSON
def command(  # noqa: PLR0913, PLR0917  # one parameter a flag
    old: str, new: str, target: str | None, platform: str | None, exit_code: bool, as_json: bool
) -> int:
    """Say what a change would redeploy and why, and what callers would see.

    OLD and NEW are each a plan (JSON from `headrace plan --json`), a compiled folder, the folder of a run's record, or
    FILE[:DAG], which is planned now.
    """
    from headrace.cli.sides import Wanted, both
    from headrace_dags.diff.compare import compare
    from headrace_dags.diff.words import describe

    found = compare(*both(old, new, Wanted(target, platform)))
    text = found.model_dump_json(indent=2) if as_json else "\n".join(_colored(describe(found).splitlines(), ink()))
    click.echo(text)
    return int(Exit.STEP_FAILED if exit_code and found.redeploys else Exit.OK)


def _colored(lines: list[str], paint: Ink) -> Iterator[str]:
    """The head and what breaks set off."""
    for number, line in enumerate(lines):
        breaks = line.startswith(("  breaks ", "  may break "))
        yield paint("strong", line) if number == 0 else paint("bad", line) if breaks else line
