"""The runs of a partition as the state topic holds them: read when the partition comes to a replica."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from headrace_events.engine.events import Outcome, TaskKey
from headrace_events.engine.pieces import Values
from headrace_events.engine.ready import issue
from headrace_events.engine.state import Open, SegmentState
from headrace_events.engine.statecodec import UndecodableState, restored
from headrace_events.log.contract import Entry, Log
from headrace_events.orchestrator.live import ABOUT, REST, About, LiveRun, Rest
from headrace_events.orchestrator.replica import Replica
from headrace_events.orchestrator.shard import Finished, Shard
from headrace_events.plans import UnknownPlan
from headrace_serving.failure import TaskFailure

_PORTION = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """A run and what waited of it."""

    live: LiveRun
    rest: Rest


async def restore(shard: Shard) -> None:
    """Give a shard the runs that were under way; one that cannot be read ends as failed, since nobody can go on with it."""
    replica = shard.replica
    records: dict[str, dict[str, bytes]] = defaultdict(dict)
    async for entry in _entries(replica.log, replica.topics.name("state"), shard.number):
        of_run = records[entry.draft.key.partition("/")[0]]
        if entry.draft.value is None:
            of_run.pop(entry.draft.key, None)
        else:
            of_run[entry.draft.key] = entry.draft.value
    for run, some in records.items():
        if some:
            await _restore(shard, run, some)


async def _restore(shard: Shard, run: str, records: Mapping[str, bytes]) -> None:
    try:
        found = await _found(shard.replica, run, records)
    except (UndecodableState, UnknownPlan, ValidationError, KeyError) as error:
        failure = TaskFailure(kind="internal", message=f"the state of the run cannot be read: {error}")
        shard.finish(
            Finished(Outcome(run=run, status="failed", failure=failure), keys=tuple(records)), shard.replica.clock()
        )
        return
    shard.runs[run] = found.live
    _queue(shard, found)


async def _found(replica: Replica, run: str, records: Mapping[str, bytes]) -> Found:
    about = About.model_validate_json(records[f"{run}/{ABOUT}"])
    rest = Rest.model_validate_json(records.get(f"{run}/{REST}", b"{}"))
    deployed = await replica.plans.plan(about.plan)
    state = restored(run, records, f"{about.tenant}/{run}")
    if len(state.units) != len(deployed.wiring.segments) + len(deployed.wiring.joins):
        raise UndecodableState(f"run {run}: expects the units of plan {about.plan[:12]}, got {len(state.units)}")
    streams = {name: list(items) for name, items in rest.streams.items()}
    saved = records.get(f"{run}/{REST}", b"")
    return Found(LiveRun(about, deployed, state, dict(rest.timers), streams, saved=state, saved_rest=saved), rest)


def _queue(shard: Shard, found: Found) -> None:
    """Tasks that waited wait again; those that were ordered are so still."""
    live, replica = found.live, shard.replica
    waiting = set(found.rest.tasks())
    values = Values(live.state.inputs, live.state.units, live.deployed.wiring)
    for wired, unit in zip(live.deployed.wiring.segments, live.state.units, strict=False):
        if not isinstance(unit, SegmentState) or not unit.missing:
            continue
        queue = replica.queue(live.deployed.plan, wired.name)
        for task in _open(wired.name, unit):
            if task in waiting:
                replica.issue(live, shard.number, issue(wired, unit, values, task))
            else:
                queue.take(live.state.run, task)


def _open(segment: str, unit: SegmentState) -> list[TaskKey]:
    """The attempts that were begun and have no result."""
    return [
        TaskKey(segment=segment, chunk=chunk, attempt=slot.attempt)
        for chunk, slot in enumerate(unit.slots)
        if isinstance(slot, Open) and slot.due_s is None
    ]


async def ended(replica: Replica, partition: int) -> dict[str, float]:
    """The runs that have ended a short time ago, and when."""
    found: dict[str, float] = {}
    async for entry in _entries(replica.log, replica.topics.name("ended"), partition):
        found[entry.draft.key] = entry.at_s
    return found


async def _entries(log: Log, topic: str, partition: int) -> AsyncIterator[Entry]:
    """All that is there now."""
    offset, end = 0, await log.end(topic, partition)
    while offset < end and (entries := await log.fetch(topic, partition, offset, limit=_PORTION)):
        for entry in entries:
            yield entry
        offset = entries[-1].offset + 1
