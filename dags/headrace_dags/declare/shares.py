"""The share of a tolerant map's items that must succeed. Loads nothing: steps look at it on every path."""

from __future__ import annotations


def fall_short(share: float, items: int, lost: int) -> bool:
    """Whether too few items succeed.

    Args:
        share: the least share that must, from 0 to 1.
        items: how many there are.
        lost: how many of them failed.
    """
    return lost > 0 and items - lost < share * items


def shortfall(share: float, items: int, lost: int, first: str) -> str:
    """How a map is told that falls short.

    Args:
        share: the least share that must succeed.
        items: how many items there are.
        lost: how many of them failed.
        first: how the first of these failed.
    """
    return f"{lost} of {items} items failed, min_success={share:g} allows fewer; the first: {first}"
