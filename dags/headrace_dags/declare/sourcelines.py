"""Find the line of a parameter, a return or an attribute in the user's source. Parsed only when there is something to report."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType
from typing import Any, TypeAlias

from headrace_dags.errors import Location

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def own(target: Any) -> FunctionType | None:
    """The function a person wrote with ``def``, below decorators that use ``functools.wraps``; ``None`` where there is none."""
    found = inspect.unwrap(target) if callable(target) else target
    return found if isinstance(found, FunctionType) else None


def definition(fn: FunctionType) -> Location:
    """The line of the ``def`` itself, below its decorators."""
    file, first = fn.__code__.co_filename, fn.__code__.co_firstlineno
    for line in range(first, first + 50):
        if linecache.getline(file, line).lstrip().startswith(("def ", "async def ")):
            return Location(file, line)
    return Location(file, first)


def parameter(fn: FunctionType, name: str) -> Location:
    """The line of the parameter ``name``."""
    node = tree_of(fn)
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs] if node else []
    arguments += [each for each in (node.args.vararg, node.args.kwarg) if each] if node else []
    line = next((each.lineno for each in arguments if each.arg == name), 0)
    return Location(fn.__code__.co_filename, line) if line else definition(fn)


def annotated_return(fn: FunctionType) -> Location:
    """The line of the return annotation; of the ``def`` where there is none."""
    node = tree_of(fn)
    return Location(fn.__code__.co_filename, node.returns.lineno) if node and node.returns else definition(fn)


def last_return(fn: FunctionType) -> Location:
    """The line of the last ``return`` of the body; of the ``def`` where there is none."""
    node = tree_of(fn)
    lines = [each.lineno for each in own_statements(node) if isinstance(each, ast.Return)] if node else []
    return Location(fn.__code__.co_filename, max(lines)) if lines else definition(fn)


def last_call(fn: FunctionType) -> ast.Call | None:
    """The call that the body ends with as a statement of its own; ``None`` where it ends otherwise."""
    node = tree_of(fn)
    last = node.body[-1] if node else None
    return last.value if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None


def attribute(cls: type, header: Location, name: str) -> Location:
    """The line of the annotated attribute ``name`` of a class whose statement is at ``header``."""
    for node in ast.walk(_parsed(_text(header.file))):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__ and _covers(node, header.line):
            for each in node.body:
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.target.id == name:
                    return Location(header.file, each.lineno)
    return header


def tree_of(fn: FunctionType) -> Function | None:
    """The function's syntax tree; ``None`` where its source is not at hand."""
    code = fn.__code__
    for node in ast.walk(_parsed(_text(code.co_filename))):
        if isinstance(node, Function) and node.name == code.co_name and _covers(node, code.co_firstlineno):
            return node
    return None


def own_statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below ``node`` that are not inside a function or class of its own."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from own_statements(child)


def _covers(node: Function | ast.ClassDef, line: int) -> bool:
    """Whether ``line`` is the node's first: decorators count."""
    return min([node.lineno, *(each.lineno for each in node.decorator_list)]) <= line <= node.lineno


def _text(file: str) -> str:
    return "".join(linecache.getlines(file))


@lru_cache(maxsize=16)
def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:  # a notebook cell with magics
        return ast.Module(body=[], type_ignores=[])
