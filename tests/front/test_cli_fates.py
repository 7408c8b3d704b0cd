"""What the documentation says of an error is what the code does: exit codes, other tries, examples."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from headrace.cli.codes import GROUP_OF, OTHER_TITLES
from headrace.cli.exits import EXITS, exit_of
from headrace.cli.fates import ENDINGS, again
from headrace_dags.errors import BadInput, DefinitionError, EnvironmentLack, Exit, PlanError
from headrace_events.engine.events import Outcome
from headrace_events.engine.retry import INFRASTRUCTURE, OWN_FAULT
from headrace_serving.failure import FailureKind
from headrace_serving.triton import errors

ROOT = Path(__file__).parents[2]
ROOMS = ("front", "dags", "modelmesh", "serving", "events")
RAISED = {each.__name__: each.exit_code for each in (BadInput, DefinitionError, EnvironmentLack, PlanError)}


def raised(file: Path) -> Iterator[tuple[str, Exit]]:
    """Every ``BadInput(Problem("code", ...))`` of a file that names a code of ours, with the exit code of the class."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id=name),
                args=[ast.Call(func=ast.Name(id="Problem"), args=[ast.Constant(value=str(code)), *_])],
            ) if name in RAISED and code in OTHER_TITLES:
                yield code, RAISED[name]


def test_a_code_ends_with_the_exit_code_of_what_is_raised() -> None:
    found = [pair for room in ROOMS for file in (ROOT / room).rglob("*.py") for pair in raised(file)]
    assert len(found) > 30
    assert {(code, said, exit_of(code)) for code, said in found if said != exit_of(code)} == set()


@pytest.mark.parametrize(
    "error", [errors.ModelLoadFailed, errors.ModelCrashed, errors.ServerDead, errors.StartTimedOut]
)
def test_errors_of_the_server_are_failures(error: type[errors.ModelLoadFailed]) -> None:
    assert error.exit_code == Exit.STEP_FAILED == exit_of("server-dead") == exit_of("model-load")


def test_every_kind_of_failure_is_told_as_the_engine_treats_it() -> None:
    kinds = set(get_args(FailureKind))
    assert kinds <= set(OTHER_TITLES)
    assert {kind for kind in kinds if "with_(retry=)" in again(kind)} == OWN_FAULT
    assert {kind for kind in kinds if "whatever" in again(kind)} == INFRASTRUCTURE
    assert {again(kind) for kind in kinds - OWN_FAULT - INFRASTRUCTURE} == {"Final."}


def test_every_code_has_an_exit_code_and_a_fate() -> None:
    assert all(exit_of(code) in EXITS and again(code).endswith(".") for code in OTHER_TITLES)
    assert set(GROUP_OF) == set(OTHER_TITLES)
    assert set(EXITS) == set(Exit)
    assert set(ENDINGS) == set(get_args(Outcome.model_fields["status"].annotation))


def test_a_code_of_a_rule_has_none() -> None:
    with pytest.raises(KeyError):
        exit_of("port-type")
    with pytest.raises(KeyError):
        again("port-type")


def test_examples_are_of_codes_that_there_are() -> None:
    examples = tomllib.loads((ROOT / "docs" / "errors.toml").read_text(encoding="utf-8"))["codes"]
    assert set(examples) <= set(OTHER_TITLES)
    assert all(f"[{code}]" in each["said"] for code, each in examples.items() if code != "usage")
