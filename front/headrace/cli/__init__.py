"""The command line. Each command is a module of its own, which is loaded when it runs: ``--help`` and ``check`` stay quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import click

COMMANDS = {
    "init": "Write a project that runs, with a test.",
    "check": "Find every mistake of a file's dags and steps.",
    "graph": "Draw a dag as Mermaid, DOT or SVG.",
    "plan": "Show what is served together, and why the cuts are made.",
    "diff": "Say what a change would redeploy and why, and what callers would see.",
    "compile": "Write the Triton model repository of a dag.",
    "run": "Run a dag on real inputs and save what comes out.",
    "up": "Serve dags and execute what is submitted to them.",
    "submit": "Submit a run to the dags that are up.",
    "follow": "Show how far a submitted run is until it has ended.",
    "cancel": "Ask for the end of a submitted run.",
    "show": "Show how a run went.",
    "dead": "List the records that the engine could not handle.",
    "worker": "Serve a dag and execute the tasks of its runs.",
    "orchestrator": "Fold the events of runs and order their tasks.",
    "logs": "Tell what happened in a run.",
    "report": "Write the page of a run and print its path.",
    "clean": "Remove runs and their objects.",
    "config": "Show every setting and where it comes from.",
    "doctor": "Look at this machine: what is there, what is missing, how to get it.",
    "explain": "Explain a code that an error carries.",
    "completion": "Print the completion script of a shell.",
}
_EPILOG = """\b
Examples:
  headrace init hello && cd hello
  headrace check postcard.py
  headrace run postcard.py --input picture=@sunset.png --input title=Evening
"""


class Commands(click.Group):
    """A group that knows its commands by name and imports one only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of a person's way through them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"headrace.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of an unknown name, say which one is near."""
        name = args[0] if args else ""
        close = get_close_matches(name, COMMANDS, 1)
        if name not in COMMANDS and not name.startswith("-") and close:
            ctx.fail(f"No such command {name!r}. Did you mean {close[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"headrace {version('headrace')}")
        ctx.exit()


@click.group(
    cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Multimodal pipelines in Python: declare a dag, compile it to Triton, run it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # until the end
    if isinstance(sys.stdout, TextIOWrapper):  # names of files need not be text; so spelled they are valid JSON as well
        sys.stdout.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(invoke(given))


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether errors are to be JSON too: ``--json``, or its long form, ``--format json``."""
    return not {"--json", "--format=json"}.isdisjoint(arguments) or ("--format", "json") in pairwise(arguments)


def invoke(arguments: list[str]) -> int:
    """Run the command line on ``arguments`` and give the exit code."""
    if "_HEADRACE_COMPLETE" in os.environ:
        cli.main(arguments, prog_name="headrace")
    try:
        with cli.make_context("headrace", arguments) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except BaseException as error:  # noqa: BLE001  # nothing that goes wrong leaves without a word and a code
        from headrace.cli.errors import explain

        return explain(error, as_json=_wants_json(arguments))
    return result if isinstance(result, int) else 0
