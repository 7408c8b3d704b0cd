"""Why a node is in another segment than it was: it is written or deleted, or a cut is made or gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from headrace_dags.diff.difference import Change
from headrace_dags.plan.model import Plan, Reason


def joined(old: Plan, new: Plan, names: Iterable[str]) -> Iterator[Change]:
    """Nodes of a segment of ``new`` that were not in the one it came of."""
    for name in names:
        if name in old.graph.by_name:
            yield _cut(name, "added", gone=_parted(old, new, name), made=_parted(new, old, name))
        else:
            yield Change(kind="step", what=name, change="added", new=new.graph.by_name[name].step.target)


def left(old: Plan, new: Plan, names: Iterable[str]) -> Iterator[Change]:
    """Nodes of a segment of ``old`` that are not in the one that came of it."""
    for name in names:
        if name in new.graph.by_name:
            yield _cut(name, "removed", gone=_parted(old, new, name), made=_parted(new, old, name))
        else:
            yield Change(kind="step", what=name, change="removed", old=old.graph.by_name[name].step.target)


def _cut(name: str, change: Literal["added", "removed"], gone: Reason | None, made: Reason | None) -> Change:
    """Why a node came or left: what kept it away is gone, or it is cut from where it was; else the other of the two."""
    first, second = (gone, made) if change == "added" else (made, gone)
    reason = first or second
    return Change(
        kind="cut",
        what=name,
        change=change,
        old=reason.code if reason and reason is gone else None,
        new=reason.code if reason and reason is made else None,
        why=reason.text if reason else "",
    )


def _parted(plan: Plan, other: Plan, name: str) -> Reason | None:
    """Why ``plan`` keeps a node apart from one that it is together with in ``other``."""
    apart = _beside(other, name) - _beside(plan, name)
    ends = ((each, {each.producer, each.consumer}) for each in plan.reasons if each.hop)
    return next((each for each, both in ends if name in both and both & apart), None)


def _beside(plan: Plan, name: str) -> set[str]:
    return {each for segment in plan.segments if name in segment.nodes for each in segment.nodes}
