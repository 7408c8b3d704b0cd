"""Whether a segment or join is needed, as far as choices have fallen: yes, no, for some items, or not known yet. Pure."""

from __future__ import annotations

from functools import partial

from headrace_dags.masks import Mask, holds
from headrace_events.engine.pieces import Values
from headrace_events.engine.state import Gone
from headrace_events.engine.wiring import WiredGate

Need = bool | tuple[int, ...] | None
"""Needed or not; the items of the axis that are; ``None`` while that is not known."""


def needed(gate: WiredGate | None, values: Values) -> Need:
    """Whether the unit behind ``gate`` is needed.

    A choice that is to fall for each item is known once it has fallen for all of them.
    """
    if gate is None:
        return True
    found = holds(gate.terms, partial(_takes, values), gate.per_item)
    if not isinstance(found, list):
        return found
    return tuple(place for place, needs in enumerate(found) if needs) or False


def _takes(values: Values, number: int, choice: int) -> Mask:
    """Whether a join takes a choice, or for which items."""
    join = values.wiring.join(number)
    assert join.on
    status = values.status(join.on)
    if status == "waiting":
        return False if isinstance(values.units[number], Gone) else None
    if status != "ready":
        return False
    found = [taken == choice for taken in values.taken(join)]
    return found if join.per_item else found[0]
