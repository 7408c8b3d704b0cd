"""Check a module: everything that is wrong with its steps and dags, at once."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.stateful import Stateful
from headrace_dags.declare.steps import Step
from headrace_dags.declare.understand import declared_of
from headrace_dags.errors import Location, Problem
from headrace_dags.trace.tracing import Traced, attempt, in_order


def check_module(module: ModuleType) -> tuple[Problem, ...]:
    """All problems of the steps and dags that ``module`` declares, and of the steps they use; by file and line.

    What a dag may do only for the items of a map is no problem where another dag of the module maps it.
    """
    found: list[Problem] = []
    for_items: set[Location] = set()
    for each in declared_in(module):
        outcome = attempt(each) if isinstance(each, Dag) else declared_of(each).declaration.problems
        if isinstance(outcome, Traced):
            for_items |= outcome.for_items
        else:
            found += outcome
    return in_order([each for each in found if each.code != "tolerant-map" or each.location not in for_items])


def declared_in(module: ModuleType) -> Iterator[Any]:
    """The steps, class steps and dags that a module declares itself, each once; what it imports is left out."""
    found = {id(each): each for each in vars(module).values() if _is_declared(each)}
    yield from (each for each in found.values() if each.__module__ == module.__name__)


def dags_in(module: ModuleType) -> dict[str, Dag[..., Any]]:
    """The dags that a module declares itself, by name."""
    return {each.__name__: each for each in declared_in(module) if isinstance(each, Dag)}


def _is_declared(each: Any) -> bool:
    return isinstance(each, (Step, Dag)) or (isinstance(each, type) and issubclass(each, Stateful))
