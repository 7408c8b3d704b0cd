"""The rule for what tracing cannot see: tests that ask a stand-in nothing. Found in the source of a dag's body."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from headrace_dags import sourcelines
from headrace_dags.dag import Dag
from headrace_dags.misfit import Misfit
from headrace_dags.stateful import Stateful
from headrace_dags.steps import Step

_TESTS = ("isinstance", "type", "callable")
_OPCODES = frozenset(
    code for name, code in dis.opmap.items() if name.startswith(("IS_OP", "MATCH_")) or name.endswith("_NONE")
)


def traced_tests(fn: FunctionType) -> Iterator[tuple[Misfit, int]]:
    """``traced-test``: ``is``, ``isinstance`` and ``match`` on values of a dag, each with its line.

    A name holds a value of the dag where it is a parameter, or is assigned from a call of a step or dag.
    """
    node = sourcelines.tree_of(fn) if _may_test(fn) else None
    if node is None:
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    statements = list(sourcelines.own_statements(node))
    values = {each.arg for each in arguments}.union(*(_assigned(each, fn.__globals__) for each in statements))
    for each in statements:
        if (tested := _tested(each)) in values:
            got = f"{_kind(each)} on {tested}"
            line: int = each.lineno  # type: ignore[attr-defined]
            yield (
                Misfit("traced-test", "a dag cannot test a value", got, "Decide in a step, which sees the value"),
                line,
            )


def _may_test(fn: FunctionType) -> bool:
    """Whether the body could hold such a test, by a look at its code: parsing the source takes longer."""
    code = fn.__code__
    return not _OPCODES.isdisjoint(code.co_code[::2]) or not set(_TESTS).isdisjoint(code.co_names)


def _assigned(node: ast.AST, names: dict[str, Any]) -> set[str]:
    """The names that a statement gives the value of a step or dag."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and _is_wired(node.value, names):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return set()


def _is_wired(node: ast.expr | None, names: dict[str, Any]) -> bool:
    """Whether an expression is the call of a step or dag: ``step(...)``, ``step.map(...)``, ``Step(...)(...)``."""
    if not isinstance(node, ast.Call):
        return False
    root: ast.expr = node.func
    while isinstance(root, (ast.Attribute, ast.Call)):
        root = root.value if isinstance(root, ast.Attribute) else root.func
    found = names.get(root.id) if isinstance(root, ast.Name) else None
    if isinstance(found, type):  # making the step is not calling it
        return issubclass(found, Stateful) and node.func is not root
    return isinstance(found, (Step, Dag, Stateful))


def _tested(node: ast.AST) -> str:
    """The name that a node tests in a way that a stand-in does not notice; empty where it tests none."""
    if isinstance(node, ast.Match):
        return _name(node.subject)
    if isinstance(node, ast.Call):
        is_test = _name(node.func) in _TESTS and node.args
        return _name(node.args[0]) if is_test else ""
    if isinstance(node, ast.Compare) and any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops):
        return _name(node.left)
    return ""


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    return "match" if isinstance(node, ast.Match) else "is"


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
