"""Let the choices of joins fall: by a key, by what is there first, by what is there in time. Pure; time comes as an event."""

from __future__ import annotations

from collections.abc import Sequence

from headrace_events.engine.pieces import Undecidable, Values
from headrace_events.engine.state import Gone, JoinState
from headrace_events.engine.wiring import Origin, WiredJoin
from headrace_serving.failure import TaskFailure

WITHIN = "within:"
"""Begins the names of the timers of joins that wait."""

_NOTHING = JoinState((-1,))


def decided(join: WiredJoin, values: Values) -> JoinState | Gone | None:
    """What a join gives; ``None`` while that is open."""
    match join.kind:
        case "switch" | "when":
            return _by_key(join, values)
        case "optional":
            status = values.status(join.choices[0])
            return JoinState((0,)) if status == "ready" else None if status == "waiting" else _NOTHING
        case "first":
            return _first(join, values)
        case "quorum":
            return _quorum(join, values)


def expired(join: WiredJoin) -> JoinState | Gone:
    """What a join gives that has waited long enough."""
    if join.kind == "optional":
        return _NOTHING
    text = f"fewer than {join.need} of {len(join.choices)} values were there within {join.within_s:g} s"
    return Gone(TaskFailure(kind="timeout", node=join.name, message=text))


def _first(join: WiredJoin, values: Values) -> JoinState | Gone | None:
    there = _there(join.choices, values)
    if there:
        return JoinState((there[0],))
    return _failed(join.choices, values) if _waiting(join.choices, values) == 0 else None


def _quorum(join: WiredJoin, values: Values) -> JoinState | Gone | None:
    there = _there(join.choices, values)
    if len(there) >= join.need:
        return JoinState(tuple(there[: join.need]))
    return _failed(join.choices, values) if len(there) + _waiting(join.choices, values) < join.need else None


def _by_key(join: WiredJoin, values: Values) -> JoinState | Gone | None:
    assert join.on
    if values.status(join.on) != "ready":
        return values.gone(join.on)
    taken = values.taken(join)
    if join.per_item:
        return _taken(join, taken, values, per_item=True)
    found = _taken(join, taken[:1], values, per_item=False)
    if isinstance(found, JoinState) and any(join.mapped):  # as many as the taken value has items, which is known by now
        return JoinState(taken[:1] * values.items(join.choices[taken[0]]), per_item=True)
    return found


def _taken(join: WiredJoin, chosen: tuple[int, ...], values: Values, *, per_item: bool) -> JoinState | Gone | None:
    """The choices, once all that they take is there."""
    taken = [join.choices[place] for place in dict.fromkeys(chosen) if place >= 0]
    if failed := next((gone for origin in taken if (gone := values.gone(origin)) and gone.failure), None):
        return failed
    return JoinState(chosen, per_item) if all(values.status(origin) == "ready" for origin in taken) else None


def _there(choices: Sequence[Origin], values: Values) -> list[int]:
    return [place for place, origin in enumerate(choices) if values.status(origin) == "ready"]


def _waiting(choices: Sequence[Origin], values: Values) -> int:
    return sum(values.status(origin) == "waiting" for origin in choices)


def _failed(choices: Sequence[Origin], values: Values) -> Gone:
    """Why nothing is there: the failure of the first value that has one."""
    found = next((gone for origin in choices if (gone := values.gone(origin)) and gone.failure), None)
    if found is None:
        raise Undecidable("a join was asked for values that nobody needs")
    return found
