"""Whether a segment or join is needed, as far as choices have fallen: yes, no, for some items, or not known yet. Pure."""

from __future__ import annotations

from headrace_events.engine.pieces import Values
from headrace_events.engine.state import Gone
from headrace_events.engine.wiring import WiredGate

Need = bool | tuple[int, ...] | None
"""Needed or not; the items of the axis that are; ``None`` while that is not known."""

_Mask = bool | list[bool] | None


def needed(gate: WiredGate | None, values: Values) -> Need:
    """Whether the unit behind ``gate`` is needed.

    A choice that is to fall for each item is known once it has fallen for all of them.
    """
    if gate is None:
        return True
    found: _Mask = False
    for term in gate.terms:
        found = _either(found, _holds(term, gate, values))
    if not isinstance(found, list):
        return found
    chosen = tuple(place for place, needs in enumerate(found) if needs)
    return chosen or False


def _holds(term: tuple[tuple[int, int], ...], gate: WiredGate, values: Values) -> _Mask:
    found: _Mask = True
    for join, choice in term:
        taken = _takes(join, choice, values)
        if isinstance(taken, list) and join not in gate.per_item:
            taken = any(taken)
        found = _both(found, taken)
    return found


def _takes(number: int, choice: int, values: Values) -> _Mask:
    """Whether a join takes a choice, or for which items."""
    join = values.wiring.join(number)
    assert join.on
    status = values.status(join.on)
    if isinstance(values.units[number], Gone) and status != "ready":
        return False
    if status != "ready":
        return None if status == "waiting" else False
    found = [join.place(key) == choice for key in values.keys(join.on)]
    return found if join.per_item else found[0]


def _both(one: _Mask, other: _Mask) -> _Mask:
    if one is False or other is False:
        return False
    if one is None or other is None:
        return None
    if isinstance(one, bool):
        return other
    return one if isinstance(other, bool) else [left and right for left, right in zip(one, other, strict=True)]


def _either(one: _Mask, other: _Mask) -> _Mask:
    if one is True or other is True:
        return True
    if one is None or other is None:
        return None
    if isinstance(one, bool):
        return other
    return one if isinstance(other, bool) else [left or right for left, right in zip(one, other, strict=True)]
