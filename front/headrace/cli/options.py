"""Options and texts that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from headrace.runs import State
from headrace.settings import NO_FLAGS, Settings, project_root, resolve
from headrace_dags.errors import BadInput, Problem

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
STATE = click.option("--state", metavar="DIR", help="Folder of runs and objects.  [default: .headrace beside the code]")
DAG = click.argument("spec", metavar="FILE[:DAG]")
OPTIONAL_DAG = click.argument("spec", metavar="[FILE[:DAG]]", required=False)


def examples(*lines: str) -> str:
    """The end of a help text."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def state_here(flag: str | None) -> State:
    """The state folder of the project that the working directory is in.

    Raises:
        BadInput: the settings are wrong.
    """
    return State(settings_here({"state": flag}).state)


def settings_here(flags: Mapping[str, str | None] = NO_FLAGS) -> Settings:
    """What holds in the project that the working directory is in.

    Raises:
        BadInput: the settings are wrong, or the working directory is gone.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise BadInput(
            Problem("no-folder", "working directory", "is there", "one that was removed", "Change to another")
        ) from None
    return resolve(project_root(here), flags)
