"""The exit codes of the command line: what each means, and which error ends with which. Reads no engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from headrace.cli.codes import GROUP_OF
from headrace_dags.errors import Exit

EXITS: Final[Mapping[Exit, str]] = MappingProxyType(
    {
        Exit.OK: "it did what was asked",
        Exit.STEP_FAILED: "a step failed, or its server; with `headrace diff --exit-code`: something would be redeployed",
        Exit.BAD_INPUT: "an input, a setting, a command or a dag is wrong",
        Exit.ENVIRONMENT: "the machine lacks something; the message says how to get it",
        Exit.PLAN_REFUSED: "the target cannot run the dag",
        Exit.INTERRUPTED: "somebody pressed Ctrl-C",
    }
)
"""What each exit code means, as a clause."""

_USUAL: Mapping[str, Exit] = {
    "Finding a dag": Exit.BAD_INPUT,
    "Inputs": Exit.BAD_INPUT,
    "Settings and commands": Exit.BAD_INPUT,
    "Plans that are refused": Exit.PLAN_REFUSED,
    "The machine": Exit.ENVIRONMENT,
    "Endpoints of remote steps": Exit.ENVIRONMENT,
    "The server and the engine": Exit.STEP_FAILED,
    "Failures of steps": Exit.STEP_FAILED,
}
_OTHERS: Mapping[str, Exit] = {
    "record-taken": Exit.ENVIRONMENT,
    "unknown-platform": Exit.BAD_INPUT,
    "module-shadowed": Exit.BAD_INPUT,
    "step-missing": Exit.BAD_INPUT,
    "remote-tensors": Exit.STEP_FAILED,
    "usage": Exit.BAD_INPUT,
    "interrupted": Exit.INTERRUPTED,
    "input": Exit.BAD_INPUT,
    "environment": Exit.ENVIRONMENT,
}


def exit_of(code: str) -> Exit:
    """The exit code of a command that ends with ``code``, or of a run that ends with a failure of that kind.

    Raises:
        KeyError: no error carries it, or a rule does.
    """
    usual = _USUAL[GROUP_OF[code]]
    return _OTHERS.get(code, usual)
