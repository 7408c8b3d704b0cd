"""Problems in the forms that forges and editors read: workflow commands, and SARIF 2.1.0.

The escapes of a command are those of ``actions/toolkit`` (packages/core/src/command.ts). SARIF:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headrace.catalogue import entry
from headrace_dags.errors import Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
"""What SARIF calls the folder that paths start from."""


def github(problems: Iterable[Problem]) -> str:
    """Workflow commands that put each problem beside its line."""
    return "".join(f"{_command(problem)}\n" for problem in problems)


def _command(problem: Problem) -> str:
    place = f"file={_property(_file(problem))},line={problem.location.line}," if problem.location else ""
    return f"::error {place}title={_property(f'{problem.where} [{problem.code}]')}::{_data(_said(problem))}"


def sarif(problems: Sequence[Problem], version: str, exit_code: int) -> str:
    """A SARIF log of one run; columns are not known, lines are.

    Args:
        problems: what was found.
        version: of Headrace.
        exit_code: what the command ends with.
    """
    codes = sorted({problem.code for problem in problems})
    run = {
        "tool": {"driver": {"name": "headrace", "semanticVersion": version, "rules": [_rule(code) for code in codes]}},
        "invocations": [{"executionSuccessful": True, "exitCode": exit_code}],
        "originalUriBaseIds": {_ROOT: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
        "results": [_result(problem, codes.index(problem.code)) for problem in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    """What there is to know of a code, for a viewer that has no ``headrace explain``."""
    found = entry(code)
    whole = f"{found.title}. {found.text}".rstrip()
    return {
        "id": code,
        "shortDescription": {"text": f"{found.title}."},
        "fullDescription": {"text": whole},
        "help": {"text": whole, "markdown": found.markdown()},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": [found.group]},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    message = {"text": f"{problem.where}: {_said(problem)}"}
    place: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": problem.where}]}
    if problem.location:
        region = {"startLine": problem.location.line}
        place["physicalLocation"] = {"artifactLocation": _artifact(_file(problem)), "region": region}
    found = {"ruleId": problem.code, "ruleIndex": rule, "level": "error", "message": message}
    return {**found, "locations": [place]}


def _artifact(file: str) -> dict[str, str]:
    """A file as a URI: relative to the working directory where it lies below."""
    if Path(file).is_absolute():
        return {"uri": Path(file).as_uri()}
    return {"uri": quote(file), "uriBaseId": _ROOT}


def _said(problem: Problem) -> str:
    text = f"{problem.expected}, got {problem.got}" if problem.got else problem.expected
    return f"{text}. {problem.write}." if problem.write else f"{text}."


def _file(problem: Problem) -> str:
    """The file relative to the working directory, as forges name it; an absolute path where it lies elsewhere."""
    file = Path(problem.location.file if problem.location else "").absolute()
    return Path(os.path.relpath(file)).as_posix() if file.is_relative_to(Path.cwd()) else file.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
