"""What every log refuses, and in which words; whatever keeps the records asks here before it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headrace_events.log.contract import Draft, Fenced, NoTopic, OtherShape, Oversize, Owner, Topic


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


def require_owner(owner: Owner, offsets: Mapping[int, int], epoch_of: Callable[[int], int]) -> None:
    """See that an owner has lost no partition, and speaks for none that it never had.

    Args:
        owner: who wants to checkpoint.
        offsets: for which partitions.
        epoch_of: gives the epoch of a partition's present owner.

    Raises:
        Fenced: it has, or does.
    """
    if any(epoch_of(partition) != owner.epoch for partition in owner.partitions):
        raise Fenced(f"{owner.group} has another owner of {owner.topic} now")
    if strange := set(offsets) - set(owner.partitions):
        raise Fenced(f"{owner.group} does not own {owner.topic} {sorted(strange)}")
