"""Whether something is needed, as far as choices have fallen: yes, no, for some items of an axis, or not known yet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

J = TypeVar("J")
K = TypeVar("K")

Mask: TypeAlias = bool | list[bool] | None
"""``None`` while it is not known; a list says it for each item."""


def holds(terms: Iterable[Iterable[tuple[J, K]]], takes: Callable[[J, K], Mask], per_item: frozenset[J]) -> Mask:
    """Whether one of the terms holds; a term holds where all the choices hold that it names.

    Args:
        terms: choices, each a join and what it takes.
        takes: whether a join takes that.
        per_item: the joins that count for each item by itself; any other that chooses for items counts where it takes
            it for any of them.
    """
    found: Mask = False
    for term in terms:
        held: Mask = True
        for join, key in term:
            taken = takes(join, key)
            held = _both(held, any(taken) if isinstance(taken, list) and join not in per_item else taken)
        found = _either(found, held)
    return found


def _both(one: Mask, other: Mask) -> Mask:
    if one is False or other is False:
        return False
    if one is None or other is None:
        return None
    if isinstance(one, bool):
        return other
    return one if isinstance(other, bool) else [left and right for left, right in zip(one, other, strict=True)]


def _either(one: Mask, other: Mask) -> Mask:
    if one is True or other is True:
        return True
    if one is None or other is None:
        return None
    if isinstance(one, bool):
        return other
    return one if isinstance(other, bool) else [left or right for left, right in zip(one, other, strict=True)]
