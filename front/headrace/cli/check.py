"""``headrace check``: every mistake of a file at once. Quick: it loads neither numpy nor a client."""

from __future__ import annotations

import json
import sys

import click

from headrace import __version__
from headrace.cli.errors import text
from headrace.cli.findings import github, sarif
from headrace.cli.options import AS_JSON, DAG, examples
from headrace.terminal import ink
from headrace_dags.errors import Exit, Problem


@click.command(
    epilog=examples(
        "headrace check postcard.py",
        "headrace check postcard.py --format sarif > headrace.sarif",
        "headrace explain port-type",
    )
)
@DAG
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github: commands that put each mistake beside its line; sarif: for code scanning and editors.",
)
@AS_JSON
def command(spec: str, form: str, as_json: bool) -> int:
    """Find every mistake of a file's dags and steps; each with its line. The exit code is 2 where there are any."""
    from headrace_dags.project.check import check_module
    from headrace_dags.project.discover import load_module

    problems = check_module(load_module(spec).module)
    if as_json or form == "json":
        click.echo(
            json.dumps({"ok": not problems, "problems": [each.as_json() for each in problems]}, ensure_ascii=False)
        )
    elif form == "github":
        click.echo(github(problems), nl=False)
    elif form == "sarif":
        click.echo(sarif(problems, __version__), nl=False)
    else:
        _tell(spec, problems)
    return int(Exit.BAD_INPUT if problems else Exit.OK)


def _tell(spec: str, problems: tuple[Problem, ...]) -> None:
    paint = ink(sys.stdout)
    for problem in problems:
        click.echo(text(problem, paint))
    count = len(problems)
    verdict = paint("bad", f"{count} mistake{'s' if count != 1 else ''}") if count else paint("good", "no mistakes")
    click.echo(f"{spec}: {verdict}")
