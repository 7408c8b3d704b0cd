"""The rules for what tracing cannot see: tests that ask a stand-in nothing, ``try`` and ``with``. Found in a body's source."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any, Literal, TypeAlias

from headrace_dags.declare import sourcelines
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.joins import collect, first, optional, quorum, switch, when
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.misfit import Misfit

What: TypeAlias = Literal["class", "step", "branch", "switch", "value", "lost", "table", "other"]
Block: TypeAlias = ast.Try | ast.TryStar | ast.With

_CALLED: Mapping[What, What] = {"branch": "switch", "class": "step", "step": "value", "value": "lost", "lost": "lost"}
_METHODS: Mapping[str, What] = {"map": "value", "zip": "value", "with_": "step", "tolerant": "step"}
_JOINS = (when, optional, first, quorum, collect)
_BRANCHES: Mapping[str, What] = {"case": "switch", "otherwise": "value", "end": "value"}
_TESTS = ("isinstance", "type", "callable")
_INSTEAD = {
    "is": "Give it to a step that takes it with | None, and test it there",
    "match": "Write hr.switch(value).case(...), or decide in a step, which sees the value",
}
_TABLES = (dict, set, frozenset)
_OPCODES = frozenset(
    code
    for name, code in dis.opmap.items()
    if name.startswith(("IS_OP", "MATCH_", "CONTAINS_OP")) or name.endswith("_NONE")
)


def unseen(fn: FunctionType) -> Iterator[tuple[Misfit, int]]:
    """What the body of a dag does with values that a trace does not notice, each with its line.

    A name holds a value of the dag where it is a parameter, or is assigned from a call of a step or dag, or from a join.
    """
    node = sourcelines.tree_of(fn) if _may_hold(fn) else None
    if node is None:
        return
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    names = Names(fn.__globals__, dict.fromkeys([each.arg for each in arguments], "value"))
    for each in sourcelines.own_statements(node):
        names.learn(each)
        kind, asked = _tested(each, names)
        tested = next((operand for operand in asked if names.what(operand) == "value"), None)
        if tested:
            yield traced_test(kind, ast.unparse(tested)), tested.lineno
        elif isinstance(each, Block) and names.calls_step(each.body):
            yield from ((misfit, each.lineno) for misfit in _around(each, names))


def traced_test(kind: str, tested: str) -> Misfit:
    """``traced-test``: no ``is``, ``isinstance``, ``match`` or look into a table with values of a dag."""
    write = _INSTEAD.get(kind, "Decide in a step, which sees the value")
    return Misfit("traced-test", "a dag cannot test a value", f"{kind} on {tested}", write)


def traced_try() -> Misfit:
    """``traced-try``: nothing is raised in a dag's body, since its steps run later."""
    write = (
        "Catch it in the body of the step; or write step.with_(retry=2), hr.optional(value, within=...)"
        " or hr.first(one, other)"
    )
    return Misfit("traced-try", "a dag cannot catch what a step raises", "try around a step", write)


def traced_finally() -> Misfit:
    """``traced-try``: what stands in ``finally`` runs before the step does."""
    write = "Write try and finally in the body of the step"
    return Misfit("traced-try", "a dag cannot clean up after a step", "finally after a step", write)


def traced_block(opened: str) -> Misfit:
    """``traced-with``: a ``with`` block is left before any step runs."""
    write = "Move the with into the body of the step: here the block is left before the step runs"
    return Misfit("traced-with", "a dag cannot put a step into a block", f"with {opened} around a step", write)


class Names:
    """What the names and expressions of a dag's body stand for, as far as its source tells.

    Args:
        world: the global names of its module.
        known: the local names, of which more are learnt.
    """

    def __init__(self, world: Mapping[str, Any], known: dict[str, What]) -> None:
        self._world, self._known = world, known

    def learn(self, node: ast.AST) -> None:
        """Take up the names that a statement assigns."""
        if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) or node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        found = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        self._known |= dict.fromkeys(found, self.what(node.value))

    def what(self, node: ast.expr) -> What:
        """What an expression is: a class step, a step or join, the value of a call of one (or a field of it), a dict or set.

        What is made of a value in the body itself is ``lost``: a trace notices that.
        """
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._named(node)
            case ast.Call():
                return self._called(node)
            case ast.NamedExpr(value=value):
                return self.what(value)
            case ast.BinOp(left=left, right=right):
                return "lost" if {"value", "lost"} & {self.what(left), self.what(right)} else "other"
            case ast.Dict() | ast.Set() | ast.DictComp() | ast.SetComp():
                return "table"
            case _:
                return "other"

    def calls_step(self, body: Sequence[ast.stmt]) -> bool:
        """Whether statements call a step."""
        inside = (each for statement in body for each in ast.walk(statement))
        return any(isinstance(each, ast.Call) and self.what(each) == "value" for each in inside)

    def _named(self, node: ast.Name | ast.Attribute | ast.Subscript) -> What:
        if isinstance(node, ast.Name):
            return self._known.get(node.id) or _kind_of(self._object(node))
        owner = self.what(node.value)
        return owner if owner in {"value", "lost"} else _kind_of(self._object(node))

    def _called(self, node: ast.Call) -> What:
        found = _CALLED.get(self.what(node.func), "other")
        if found == "other" and isinstance(node.func, ast.Attribute):
            methods = {"step": _METHODS, "switch": _BRANCHES}.get(self.what(node.func.value), {})
            return methods.get(node.func.attr, "other")
        return found

    def _object(self, node: ast.expr) -> Any:
        """What a global name, or a name in a module, holds."""
        if isinstance(node, ast.Name):
            return None if node.id in self._known else self._world.get(node.id)
        owner = self._object(node.value) if isinstance(node, ast.Attribute) else None
        return (
            getattr(owner, node.attr, None)
            if isinstance(owner, ModuleType) and isinstance(node, ast.Attribute)
            else None
        )


def _kind_of(found: Any) -> What:
    if isinstance(found, type):
        return "class" if issubclass(found, Stateful) else "other"
    if isinstance(found, _TABLES):
        return "table"
    if found is switch:
        return "branch"
    wires = isinstance(found, (Step, Dag, Stateful)) or any(found is each for each in _JOINS)
    return "step" if wires else "other"


def _may_hold(fn: FunctionType) -> bool:
    """Whether the body could hold any of that, by a look at its code: parsing the source takes longer."""
    code = fn.__code__
    tests = not _OPCODES.isdisjoint(code.co_code[::2]) or not {*_TESTS, "get"}.isdisjoint(code.co_names)
    return tests or bool(code.co_exceptiontable)


def _tested(node: ast.AST, names: Names) -> tuple[str, Sequence[ast.expr]]:
    """How a node tests something in a way that a stand-in does not notice, and what it tests."""
    match node:
        case ast.Match(subject=subject):
            return "match", subject.elts if isinstance(subject, ast.Tuple) else [subject]
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _TESTS:
            return name, [first]
        case ast.Call(func=ast.Attribute(attr="get", value=table), args=[key, *_]) if names.what(table) == "table":
            return ".get", [key]
        case ast.Compare() if any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops):
            return "is", [node.left, *node.comparators]
        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[table]) if names.what(table) == "table":
            return "in", [node.left]
        case _:
            return "", ()


def _around(node: Block, names: Names) -> Iterator[Misfit]:
    """What is wrong with a block around a step. A value that is opened is told where that happens."""
    if isinstance(node, ast.With):
        opened = [each.context_expr for each in node.items]
        if not {"value", "lost"} & {names.what(each) for each in opened}:
            yield traced_block(f"{', '.join(map(ast.unparse, opened)):.60}")
    elif node.handlers:
        yield traced_try()
    else:
        yield traced_finally()
