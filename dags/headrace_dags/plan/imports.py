"""Which modules a source text imports, wherever in it the import stands. Pure: nothing is executed, nothing is looked up."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported(source: str, package: str) -> frozenset[str]:
    """Dotted names that ``source`` imports. ``from a import b`` gives ``a`` and ``a.b``, for ``b`` may be a module.

    Imports inside functions and under ``TYPE_CHECKING`` count too: to digest too much is harmless, too little is not. A
    text that does not parse imports nothing.

    Args:
        source: Python source.
        package: dotted name of the package that holds it, for relative imports; empty at the top.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(name for node in ast.walk(tree) for name in _names(node, package))


def _names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(node, package)
        if base:
            yield base
        yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*")


def _base(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join(part for part in (*above, node.module or "") if part)
