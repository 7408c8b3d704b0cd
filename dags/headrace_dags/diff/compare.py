"""Compare two plans: what becomes of each segment, what callers see, what concerns the engine alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from headrace_dags.diff.causes import Pair, causes
from headrace_dags.diff.changes import changes, said
from headrace_dags.diff.difference import Difference, SegmentChange
from headrace_dags.diff.engine import engine
from headrace_dags.diff.interface import interface
from headrace_dags.diff.moves import left
from headrace_dags.plan.model import Plan, Segment


def compare(old: Plan, new: Plan) -> Difference:
    """The difference between two plans, of one dag or of two."""
    return Difference(
        dag=new.graph.name,
        where=new.target.platform or new.target.kind,
        old_plan=old.digest,
        new_plan=new.digest,
        interface=interface(old.graph, new.graph),
        target=tuple(changes("target", said(old.target), said(new.target))),
        segments=tuple(_segments(old, new)),
        engine=engine(old, new),
    )


def _segments(old: Plan, new: Plan) -> Iterator[SegmentChange]:
    came = _came(old, new)
    for segment in new.segments:
        yield _became(Pair(old, new, came.get(segment.name), segment))
    taken = {each.name for each in came.values()}
    for segment in (each for each in old.segments if each.name not in taken):
        why = tuple(left(old, new, segment.nodes))
        yield SegmentChange(fate="removed", old=segment.name, old_digest=segment.digest, causes=why)


def _came(old: Plan, new: Plan) -> dict[str, Segment]:
    """The old segment that each new one came of: that of its name, else the one that shares most nodes with it."""
    found = {name: old.by_name[name] for name in new.by_name if name in old.by_name}
    left_over = [each for each in old.segments if each.name not in found]
    for segment in (each for each in new.segments if each.name not in found):
        near = max(left_over, key=lambda each: _shared(each, segment), default=None)
        if near and _shared(near, segment):
            left_over.remove(near)
            found[segment.name] = near
    return found


def _shared(one: Segment, other: Segment) -> int:
    return len({*one.nodes} & {*other.nodes})


def _became(pair: Pair) -> SegmentChange:
    before, after = pair.before, pair.after
    if before is None:
        return SegmentChange(fate="new", new=after.name, new_digest=after.digest, causes=causes(pair))
    same = before.digest == after.digest
    return SegmentChange(
        fate="unchanged" if same else "redeployed",
        old=before.name,
        new=after.name,
        old_digest=before.digest,
        new_digest=after.digest,
        causes=() if same else causes(pair),
    )
