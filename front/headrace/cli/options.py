"""Options and texts that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.runs import State
from headrace.settings import project_root, resolve

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
STATE = click.option("--state", metavar="DIR", help="Folder of runs and objects.  [default: .headrace beside the code]")
DAG = click.argument("spec", metavar="FILE[:DAG]")


def examples(*lines: str) -> str:
    """The end of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def state_here(flag: str | None) -> State:
    """The state folder of the project that the working directory is in.

    Raises:
        BadInput: the settings are wrong.
    """
    return State(resolve(project_root(Path.cwd()), {"state": flag}).state)
