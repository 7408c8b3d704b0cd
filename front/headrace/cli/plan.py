"""``headrace plan``: what is served together, and why the cuts are made."""

from __future__ import annotations

from collections.abc import Iterator

import click

from headrace.cli.opening import make_plan, open_dag
from headrace.cli.options import AS_JSON, DAG, examples
from headrace.settings import resolve
from headrace.terminal import Ink, ink


@click.command(
    epilog=examples(
        "headrace plan postcard.py",
        "headrace plan postcard.py --target kubernetes --platform gke",
        "headrace plan postcard.py --json | jq '.segments[].name'",
    )
)
@DAG
@click.option("--target", type=click.Choice(["local", "kubernetes"]), help="Where it is to run.  [default: local]")
@click.option("--platform", metavar="NAME", help="The kubernetes platform.  [default: plain]")
@AS_JSON
def command(spec: str, target: str | None, platform: str | None, as_json: bool) -> None:
    """Show what is served together, and why the cuts are made. The exit code is 4 where the target cannot run the dag."""
    from headrace_dags.plan.explain import explain

    found = open_dag(spec)
    settings = resolve(found.import_root, {"target": target, "platform": platform})
    made = make_plan(found, settings.target, settings.platform)
    if as_json:
        click.echo(made.model_dump_json(indent=2))
        return
    click.echo("\n".join(_colored(explain(made).splitlines(), ink())))


def _colored(lines: list[str], paint: Ink) -> Iterator[str]:
    """Head and column titles set off."""
    for number, line in enumerate(lines):
        title = line.partition("  ")[0]
        if number == 0:
            yield paint("strong", line)
        elif title.isupper() and title.isalpha():
            yield paint("soft", line)
        else:
            yield paint("warn", line) if line.startswith("Note:") else line
