"""The rules for what tracing cannot see: tests that ask a stand-in nothing, and ``try``. Found in the source of a dag's body."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Literal, TypeAlias

from headrace_dags.declare import sourcelines
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.misfit import Misfit

What: TypeAlias = Literal["class", "step", "value", "other"]

_CALLED: dict[What, What] = {"class": "step", "step": "value", "value": "other", "other": "other"}
_METHODS: dict[str, What] = {"map": "value", "zip": "value", "with_": "step", "tolerant": "step"}
_TESTS = ("isinstance", "type", "callable")
_OPCODES = frozenset(
    code for name, code in dis.opmap.items() if name.startswith(("IS_OP", "MATCH_")) or name.endswith("_NONE")
)


def unseen(fn: FunctionType) -> Iterator[tuple[Misfit, int]]:
    """What the body of a dag does with values that a trace does not notice, each with its line.

    A name holds a value of the dag where it is a parameter, or is assigned from a call of a step or dag.
    """
    node = sourcelines.tree_of(fn) if _may_hold(fn) else None
    if node is None:
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    known: dict[str, What] = dict.fromkeys([each.arg for each in arguments], "value")
    for each in sourcelines.own_statements(node):
        known |= _assigned(each, known, fn.__globals__)
        tested = _tested(each)
        if tested and _what(tested, known, fn.__globals__) == "value":
            yield traced_test(_kind(each), ast.unparse(tested)), tested.lineno
        elif isinstance(each, ast.Try) and each.handlers and _calls(each, known, fn.__globals__):
            yield traced_try(), each.lineno


def traced_test(kind: str, tested: str) -> Misfit:
    """``traced-test``: no ``is``, ``isinstance`` or ``match`` on values of a dag."""
    write = "Decide in a step, which sees the value"
    return Misfit("traced-test", "a dag cannot test a value", f"{kind} on {tested}", write)


def traced_try() -> Misfit:
    """``traced-try``: nothing is raised in a dag's body, since its steps run later."""
    write = "Catch it in the body of the step, or write .with_(retry=...)"
    return Misfit("traced-try", "a dag cannot catch what a step raises", "try around a step", write)


def _may_hold(fn: FunctionType) -> bool:
    """Whether the body could hold any of that, by a look at its code: parsing the source takes longer."""
    code = fn.__code__
    tests = not _OPCODES.isdisjoint(code.co_code[::2]) or not set(_TESTS).isdisjoint(code.co_names)
    return tests or bool(code.co_exceptiontable)


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


def _tested(node: ast.AST) -> ast.expr | None:
    """What a node tests in a way that a stand-in does not notice."""
    if isinstance(node, ast.Match):
        return node.subject
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TESTS:
        return node.args[0] if node.args else None
    if isinstance(node, ast.Compare) and any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops):
        return node.left
    return None


def _kind(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return "match" if isinstance(node, ast.Match) else "is"


def _calls(node: ast.Try, known: dict[str, What], names: dict[str, Any]) -> bool:
    """Whether the guarded part calls a step."""
    inside = (each for statement in node.body for each in ast.walk(statement))
    return any(isinstance(each, ast.Call) and _what(each, known, names) == "value" for each in inside)
