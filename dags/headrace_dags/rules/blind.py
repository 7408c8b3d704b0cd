"""The rule for what tracing cannot see: tests that ask a stand-in nothing. Found in the source of a dag's body."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Literal, TypeAlias

from headrace_dags import sourcelines
from headrace_dags.dag import Dag
from headrace_dags.misfit import Misfit
from headrace_dags.stateful import Stateful
from headrace_dags.steps import Step

What: TypeAlias = Literal["class", "step", "value", "other"]

_CALLED: dict[What, What] = {"class": "step", "step": "value", "value": "other", "other": "other"}
_METHODS: dict[str, What] = {"map": "value", "with_": "step"}
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
    known: dict[str, What] = dict.fromkeys([each.arg for each in arguments], "value")
    for each in sourcelines.own_statements(node):
        known |= _assigned(each, known, fn.__globals__)
        tested = _tested(each)
        if tested and known.get(tested) == "value":
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


def _assigned(node: ast.AST, known: dict[str, What], names: dict[str, Any]) -> dict[str, What]:
    """The names that a statement gives a step or the value of one."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) or node.value is None:
        return {}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    found = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return dict.fromkeys(found, _what(node.value, known, names))


def _what(node: ast.expr, known: dict[str, What], names: dict[str, Any]) -> What:
    """What an expression is: a class step, a step, or the value of a call of one."""
    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else _named(names.get(node.id))
    if not isinstance(node, ast.Call):
        return "other"
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = _what(node.func.value if isinstance(node.func, ast.Attribute) else node.func, known, names)
    if method:
        return _METHODS.get(method, "other") if called == "step" else "other"
    return _CALLED[called]


def _named(found: Any) -> What:
    if isinstance(found, type):
        return "class" if issubclass(found, Stateful) else "other"
    return "step" if isinstance(found, (Step, Dag, Stateful)) else "other"


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
