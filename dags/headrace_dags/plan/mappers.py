"""Write a mapper down: what it runs and calls, with the values that cross its border; and why models are apart around it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace_dags.plan.cuts import Edge, Place, Why, by_a_mapper
from headrace_dags.plan.feeding import chunk_size, mapped_inputs
from headrace_dags.plan.flows import Flows
from headrace_dags.plan.model import Call, Mapper, Member
from headrace_dags.plan.naming import MOST_CHARACTERS, Names, group_name
from headrace_dags.plan.segments import Joined, MappedParts
from headrace_dags.plan.wiring import Link


def mapper_of(parts: MappedParts, members: Mapping[int, Member], joined: Joined, flows: Flows, names: Names) -> Mapper:
    """The mapper of a segment.

    Args:
        parts: what it does.
        members: the members of its segment, by their numbers.
        joined: the segments.
        flows: the values of the plan.
        names: gives out the names of models.
    """
    calls = tuple(_call([members[member] for member in each], each, joined, flows, names) for each in parts.calls)
    border = flows.border(_numbers(parts.members, joined))
    return Mapper(
        name=names.give(f"mapper-{calls[0].name if calls else members[parts.inline[0]].name}", MOST_CHARACTERS),
        inline=tuple(members[member].name for member in parts.inline),
        calls=calls,
        inputs=flows.of(border.inputs),
        outputs=flows.of(border.outputs),
    )


def _call(members: Sequence[Member], numbers: Sequence[int], joined: Joined, flows: Flows, names: Names) -> Call:
    nodes = _numbers(numbers, joined)
    places = [joined.places[node] for node in nodes]
    border = flows.border(nodes)
    several = len(members) > 1
    return Call(
        name=names.give(group_name([place.name for place in places]), MOST_CHARACTERS) if several else members[0].name,
        members=tuple(member.name for member in members),
        inputs=flows.of(border.inputs),
        outputs=flows.of(border.outputs),
        mapped=mapped_inputs(places, border.inputs),
        chunk=most_at_once(places),
    )


def most_at_once(places: Sequence[Place]) -> int:
    """Most items of one call: no batched model gets more than its size."""
    sizes = [place.node.step.batching.size for place in places if place.node.step.batching]
    return min(sizes) if sizes else chunk_size(places)


def why_apart(joined: Joined, link: Link, consumer: int) -> Why | None:
    """Why two nodes of one segment are in two models; ``None`` where they are in one."""
    producers, consumers = (joined.members.of_item[number] for number in (link.producer, consumer))
    parts = joined.mappings.get(joined.groups.of_item[consumers])
    if producers == consumers or (parts and {producers, consumers} <= set(parts.inline)):
        return None
    edge = link.edge(joined.places[link.producer], joined.places[consumer])
    called = _by_a_mapper(edge, producers, consumers, parts, joined) if parts else None
    return called or joined.members.apart.get((edge.producer.name, edge.consumer.name))


def _by_a_mapper(edge: Edge, producer: int, consumer: int, parts: MappedParts, joined: Joined) -> Why | None:
    before, after = (next((call for call in parts.calls if each in call), ()) for each in (producer, consumer))
    if before == after:
        return None
    chunk = most_at_once([joined.places[number] for number in _numbers(after, joined)]) if after else 0
    return by_a_mapper(edge, chunk)


def _numbers(members: Sequence[int], joined: Joined) -> list[int]:
    return sorted(number for member in members for number in joined.members.items[member])
