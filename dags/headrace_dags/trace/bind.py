"""Bind the arguments of a call to parameters, as Python would, but note every mistake instead of raising the first."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_dags.draft import Declared
from headrace_dags.misfit import Misfit
from headrace_dags.rules import wiring as rules
from headrace_dags.rules.names import meant

_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments by parameter.

    Attributes:
        values: what was given, by name.
        wrong: what rules say, with the parameter it concerns (empty: the call as a whole).
    """

    values: dict[str, Any]
    wrong: list[tuple[str, Misfit]]


def bind(step: Declared, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Bound:
    """Bind ``args`` and ``kwargs`` to the parameters of ``step``. A misspelled name counts as the one it nearly is."""
    positional = [each.name for each in step.parameters if each.kind is not _KEYWORD_ONLY]
    bound = Bound(dict(zip(positional, args, strict=False)), [])
    if len(args) > len(positional) and not step.is_open:
        bound.wrong.append(("", rules.extra_argument(len(args), [each.name for each in step.parameters])))
    for name, value in kwargs.items():
        _by_name(bound, step, name, value)
    for each in step.parameters:
        if each.required and each.name not in bound.values:
            bound.wrong.append((each.name, rules.missing_argument(each.name, each.port)))
    return bound


def _by_name(bound: Bound, step: Declared, name: str, value: Any) -> None:
    names = [each.name for each in step.parameters]
    if name in bound.values:
        bound.wrong.append((name, rules.repeated_argument(name)))
    elif name in names:
        bound.values[name] = value
        if any(each.name == name and each.kind is _POSITIONAL_ONLY for each in step.parameters):
            bound.wrong.append((name, rules.keyword_argument(name)))
    elif not step.is_open:
        bound.wrong.append(("", rules.unknown_argument(name, names)))
        if (near := meant(name, names)) and near not in bound.values:
            bound.values[near] = value
