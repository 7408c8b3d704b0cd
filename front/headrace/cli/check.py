"""``headrace check``: every mistake of a file at once. Quick: it loads neither numpy nor a client."""

from __future__ import annotations

import json
import sys

import click

from headrace import __version__
from headrace.cli.errors import text
from headrace.cli.findings import github, sarif
from headrace.cli.options import DAG, examples
from headrace.terminal import aside, ink
from headrace_dags.errors import Exit, HeadraceError, Problem


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
@click.option("--json", "form", flag_value="json", help="Short for --format json.")
def command(spec: str, form: str) -> int:
    """Find every mistake of a file's dags and steps; each with its line. The exit code is 2 where there are any."""
    if form in {"github", "sarif"}:
        return _for_others(spec, form)
    problems = _problems(spec)
    if form == "json":
        found = {"ok": not problems, "problems": [each.as_json() for each in problems]}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _tell(spec, problems)
    return int(Exit.BAD_INPUT if problems else Exit.OK)


def _problems(spec: str) -> tuple[Problem, ...]:
    from headrace_dags.project.check import check_module
    from headrace_dags.project.discover import dag_of, load_module

    with aside():
        found = load_module(spec)
        if found.dag_name:  # all of the file is checked; a name that it lacks is a mistake of who wrote the command
            dag_of(spec, found)
        return check_module(found.module)


def _for_others(spec: str, form: str) -> int:
    """Print for a forge or an editor, which read the standard output: a file that cannot be imported is a finding too."""
    try:
        problems = _problems(spec)
        code = int(Exit.BAD_INPUT if problems else Exit.OK)
    except HeadraceError as error:
        problems, code = error.problems, int(error.exit_code)
    click.echo(github(problems) if form == "github" else sarif(problems, __version__, code), nl=False)
    return code


def _tell(spec: str, problems: tuple[Problem, ...]) -> None:
    paint = ink(sys.stdout)
    for problem in problems:
        click.echo(text(problem, paint))
    count = len(problems)
    verdict = paint("bad", f"{count} mistake{'s' if count != 1 else ''}") if count else paint("good", "no mistakes")
    click.echo(f"{spec}: {verdict}")
