"""What every log refuses, and in which words; whatever keeps the records asks here before it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headrace_events.log.contract import Closed, Draft, Fenced, Mark, NoTopic, OtherShape, Oversize, Owner, Topic


def no_topic(name: str, partition: int) -> NoTopic:
    """The refusal of a place that was never declared."""
    return NoTopic(f"no topic {name} with a partition {partition}")


def require_shape(known: Topic | None, topic: Topic) -> None:
    """See that a topic is not there otherwise.

    Raises:
        OtherShape: it is.
    """
    if known not in (None, topic):
        raise OtherShape(f"topic {topic.name} is there as {known}, asked for as {topic}")


def require_size(draft: Draft, most_bytes: int) -> None:
    """See that a record is small enough.

    Raises:
        Oversize: it is not.
    """
    if draft.value is not None and len(draft.value) > most_bytes:
        raise Oversize(f"{draft.topic}: {len(draft.value)} bytes, at most {most_bytes}")


def require_owner(owner: Owner, marks: Mapping[int, Mark], epoch_of: Callable[[int], int]) -> None:
    """See that an owner has lost no partition, and speaks for none that it does not own.

    Args:
        owner: who wants to checkpoint.
        marks: for which partitions.
        epoch_of: gives the present epoch of a partition.

    Raises:
        Fenced: it has, or does.
    """
    taken = [number for number, epoch in zip(owner.partitions, owner.epochs, strict=True) if epoch_of(number) != epoch]
    if taken:
        raise Fenced(f"{owner.group} has another owner of {owner.topic} {taken} now")
    if strange := set(marks) - set(owner.partitions):
        raise Fenced(f"{owner.group} does not own {owner.topic} {sorted(strange)}")


def require_seated(group: str, topic: str, *, has_left: bool, is_there: bool) -> None:
    """See that a member is one still.

    Raises:
        Closed: it has left.
        Fenced: another one has taken its place.
    """
    if has_left:
        raise Closed(f"the member of {group} on {topic} has left")
    if not is_there:
        raise Fenced(f"another member of {group} on {topic} goes by this one's name now")
