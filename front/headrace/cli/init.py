"""``headrace init``: a project that runs."""

from __future__ import annotations

import re
from pathlib import Path

import click

from headrace.cli.options import examples
from headrace.terminal import ink, near
from headrace_dags.errors import BadInput, Problem

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@click.command(epilog=examples("headrace init", "headrace init hello", "headrace init hello --name greeting-cards"))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option("--name", help="Name of the project.  [default: that of the folder]")
def command(folder: str, name: str | None) -> None:
    """Write a project that runs, with a test: a dag that turns a picture into a postcard.

    Nothing that is there already is written over.
    """
    from headrace.starter.write import write

    root = Path(folder).expanduser()
    for path in write(root, _checked(name or _name_of(root))):
        click.echo(f"  {ink()('good', 'wrote')} {near(path)}")
    click.echo(f"\nNow run it:\n{_next(root)}")


def _next(root: Path) -> str:
    enter = "" if root.resolve() == Path.cwd() else f"  cd {root}\n"
    return f'{enter}  headrace run postcard.py --input picture=@sunset.png --input title="Evening by the mill"'


def _name_of(root: Path) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", root.resolve().name).strip("-._")
    return cleaned or "project"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        expected = "expects letters, digits, dots, dashes and underscores, as package names have them"
        raise BadInput(Problem("init-name", "--name", expected, repr(name), f"Write --name {_name_of(Path(name))}"))
    return name
