"""The rule for defaults: a body leaves them alone, since all calls share them. Found in the body's source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from headrace_dags.declare import sourcelines
from headrace_dags.misfit import Misfit

_CHANGING = frozenset({
    "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault",
    "sort", "update",
})  # fmt: skip


def changed_defaults(fn: FunctionType) -> Iterator[tuple[str, Misfit, int]]:
    """The parameters whose default the body of a step changes in place, each with what is wrong and its line.

    A name that is bound anew, as in ``seen = list(seen)``, holds the body's own copy.
    """
    kept = {name: each.default for name, each in inspect.signature(fn).parameters.items()}
    kept = {name: default for name, default in kept.items() if isinstance(default, (list, dict, set))}
    node = sourcelines.tree_of(fn) if kept else None
    if node is None:
        return
    statements = list(sourcelines.own_statements(node))
    bound = {name for each in statements for name in _bound(each)}
    for each in statements:
        changed = _changed(each)
        if changed in kept and changed not in bound:
            yield changed, mutable_default(changed, kept[changed], ast.unparse(each)), _line(each)


def mutable_default(name: str, default: Any, change: str) -> Misfit:
    """``mutable-default``: here all calls would share it; on a server each call has its own.

    Args:
        name: the parameter.
        default: its default.
        change: the source that changes it.
    """
    write = f"Write {name} = {type(default).__name__}({name}) before, which makes a copy"
    return Misfit("mutable-default", "expects a body that leaves its defaults alone", f"{change:.60}", write)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds anew."""
    inside = [each for target in node.targets for each in ast.walk(target)] if isinstance(node, ast.Assign) else []
    yield from (each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))


def _changed(node: ast.AST) -> str:
    """The name whose value a node changes in place; empty where it changes none."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in _CHANGING:
            return name
        case ast.AugAssign(target=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))):
            return name
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
        case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
        case _:
            return ""


def _line(node: ast.AST) -> int:
    return node.lineno if isinstance(node, (ast.stmt, ast.expr)) else 0
