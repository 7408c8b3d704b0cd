"""Problems in the forms that forges and editors read: workflow commands, and SARIF 2.1.0."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from headrace_dags.errors import Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def github(problems: Iterable[Problem]) -> str:
    """Workflow commands that put each problem beside its line."""
    return "".join(f"{_command(problem)}\n" for problem in problems)


def _command(problem: Problem) -> str:
    place = f"file={_property(_file(problem))},line={problem.location.line}," if problem.location else ""
    return f"::error {place}title={_property(f'{problem.where} [{problem.code}]')}::{_data(_said(problem))}"


def sarif(problems: Sequence[Problem], version: str) -> str:
    """A SARIF log of one run; columns are not known, lines are.

    Args:
        problems: what was found.
        version: of Headrace.
    """
    from headrace.cli.codes import OTHER_TITLES
    from headrace_dags.rules.registry import TITLES

    titles = {**TITLES, **OTHER_TITLES}
    codes = sorted({problem.code for problem in problems})
    rules = [{"id": code, "shortDescription": {"text": titles.get(code, code)}} for code in codes]
    driver = {"name": "headrace", "version": version, "rules": rules}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    message = {"text": f"{problem.where}: {_said(problem)}"}
    found: dict[str, Any] = {"ruleId": problem.code, "ruleIndex": rule, "level": "error", "message": message}
    if problem.location:
        where = {"artifactLocation": {"uri": _file(problem)}, "region": {"startLine": problem.location.line}}
        found["locations"] = [{"physicalLocation": where}]
    return found


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
