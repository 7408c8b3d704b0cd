"""What every log does. A variant's test derives from LogConformance and gives the fixture ``log``: a fresh, empty log
whose records hold at most 1,000 bytes."""

import asyncio
import math
import time
from collections.abc import Awaitable
from contextlib import suppress

import pytest
import pytest_asyncio

from headrace_events.log.contract import (
    MAX_NOTE,
    Change,
    Closed,
    Draft,
    Fenced,
    Log,
    Mark,
    Member,
    NoTopic,
    OtherShape,
    Oversize,
    Topic,
)

LIMIT_BYTES = 1_000
PLAIN = Topic("inbox", partitions=2)
COMPACT = Topic("state", partitions=2, compacted=True)
SHORT = Topic("progress", retention_s=100.0)
SHORT_COMPACT = Topic("windows", compacted=True, retention_s=100.0)


class Clock:
    """The log's time: that of the machine, and what a test lets pass."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


def draft(value: bytes | None, key: str = "k", topic: str = "inbox", partition: int = 0) -> Draft:
    return Draft(topic, partition, key, value, (("type", "t"), ("type", "again")))


async def values(log: Log, topic: str = "inbox", partition: int = 0, offset: int = 0) -> list[bytes | None]:
    found: list[bytes | None] = []
    while entries := await log.fetch(topic, partition, offset, limit=2):
        found += [entry.draft.value for entry in entries]
        offset = entries[-1].offset + 1
    return found


async def soon(change: Awaitable[Change]) -> Change:
    async with asyncio.timeout(20):
        return await change


async def sole(log: Log, group: str = "group", topic: str = "inbox", name: str = "") -> Member:
    """A member that holds both partitions of a topic."""
    member = await log.join(group, topic, name=name)
    await until(member, 2)
    return member


async def until(member: Member, partitions: int) -> None:
    """The member holds so many partitions."""
    while len(member.owner.partitions) < partitions:
        await soon(member.changed())


async def settle(*members: Member) -> None:
    """Each member lets go of what others wait for, until nothing moves any more."""

    async def yields(member: Member) -> None:
        while True:
            change = await member.changed()
            await member.release(change.leaving)

    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await asyncio.gather(*map(yields, members))


async def both(first: Member, second: Member) -> None:
    """Both members have their share."""
    await settle(first, second)
    assert [len(each.owner.partitions) for each in (first, second)] == [1, 1]


class LogConformance:
    """The behaviours. ``log`` is given by the variant."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    async def later(self, log: Log, clock: Clock, seconds: float) -> None:
        """Time passes, and the log drops what it keeps no longer."""
        clock.ahead_s += seconds

    @pytest_asyncio.fixture
    async def log(self) -> Log:
        raise AssertionError("the variant gives the log")

    @pytest_asyncio.fixture(autouse=True)
    async def topics(self, log: Log) -> None:
        await log.declare([PLAIN, COMPACT, SHORT, SHORT_COMPACT])

    async def test_reads_what_was_appended_in_order(self, log: Log) -> None:
        before = time.time()
        first = await log.append(draft(b"one", key="a"))
        second = await log.append(draft(b"", key="b"))
        entries = await log.fetch("inbox", 0, 0)
        assert [(each.draft, each.offset) for each in entries] == [
            (draft(b"one", key="a"), first.offset),
            (draft(b"", key="b"), second.offset),
        ]
        assert first.offset < second.offset
        assert [each.at_s for each in entries] == [first.at_s, second.at_s]
        assert before - 1 <= first.at_s <= time.time() + 1

    async def test_partitions_and_topics_are_apart(self, log: Log) -> None:
        await log.append(draft(b"zero", partition=0))
        await log.append(draft(b"one", partition=1))
        await log.append(draft(b"state", topic="state", partition=1))
        assert await values(log, partition=0) == [b"zero"]
        assert await values(log, partition=1) == [b"one"]
        assert await values(log, "state", 1) == [b"state"]

    async def test_reads_from_an_offset_and_in_portions(self, log: Log) -> None:
        places = [await log.append(draft(b"%d" % n)) for n in range(5)]
        assert [e.draft.value for e in await log.fetch("inbox", 0, places[2].offset, limit=2)] == [b"2", b"3"]
        assert await values(log, offset=places[3].offset) == [b"3", b"4"]

    async def test_an_empty_read_comes_back_when_its_time_has_passed(self, log: Log) -> None:
        begun = time.monotonic()
        assert not await log.fetch("inbox", 0, 0, wait_s=0.05)
        assert time.monotonic() - begun >= 0.04
        assert not await log.fetch("inbox", 0, 0)

    async def test_an_append_wakes_every_waiting_reader(self, log: Log) -> None:
        readers = [asyncio.create_task(log.fetch("inbox", 0, 0, wait_s=math.inf)) for _ in range(3)]
        await asyncio.sleep(0.02)
        assert not any(reader.done() for reader in readers)
        await log.append(draft(b"elsewhere", partition=1))
        await log.append(draft(b"here"))
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*readers)
        assert [[entry.draft.value for entry in answer] for answer in answers] == [[b"here"]] * 3

    async def test_a_reader_at_the_end_waits_for_what_comes_after(self, log: Log) -> None:
        await log.append(draft(b"old"))
        end = await log.end("inbox", 0)
        reader = asyncio.create_task(log.fetch("inbox", 0, end, wait_s=5))
        await asyncio.sleep(0)
        assert (await log.append(draft(b"new"))).offset >= end
        assert [entry.draft.value for entry in await reader] == [b"new"]

    async def test_a_cancelled_reader_takes_nothing_with_it(self, log: Log) -> None:
        reader = asyncio.create_task(log.fetch("inbox", 0, 0, wait_s=math.inf))
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await log.append(draft(b"one"))
        assert await values(log) == [b"one"]

    async def test_the_end_is_where_the_records_are_read(self, log: Log) -> None:
        assert await log.end("inbox", 0) == 0
        place = await log.append(draft(b"one"))
        assert await log.end("inbox", 0) > place.offset
        assert await log.end("inbox", 1) == 0

    async def test_declaring_again_changes_nothing(self, log: Log) -> None:
        await log.append(draft(b"one"))
        await log.declare([PLAIN])
        assert await values(log) == [b"one"]

    @pytest.mark.parametrize(
        "other",
        [
            Topic("inbox", partitions=3),
            Topic("inbox", partitions=2, compacted=True),
            Topic("inbox", partitions=2, retention_s=1.0),
        ],
    )
    async def test_a_topic_keeps_its_shape(self, log: Log, other: Topic) -> None:
        with pytest.raises(OtherShape, match="inbox"):
            await log.declare([Topic("fresh"), other])
        with pytest.raises(NoTopic):
            await log.end("fresh", 0)

    @pytest.mark.parametrize(("topic", "partition"), [("nowhere", 0), ("inbox", 2), ("inbox", -1)])
    async def test_an_unknown_place_is_refused(self, log: Log, topic: str, partition: int) -> None:
        with pytest.raises(NoTopic, match=topic):
            await log.append(draft(b"one", topic=topic, partition=partition))
        with pytest.raises(NoTopic):
            await log.fetch(topic, partition, 0)
        with pytest.raises(NoTopic):
            await log.end(topic, partition)
        with pytest.raises(NoTopic):
            await log.committed("group", topic, partition)

    async def test_an_unknown_topic_has_no_group(self, log: Log) -> None:
        with pytest.raises(NoTopic, match="nowhere"):
            await log.join("group", "nowhere")

    async def test_an_oversize_record_is_refused_and_others_go_on(self, log: Log) -> None:
        with pytest.raises(Oversize, match="inbox"):
            await log.append(draft(bytes(LIMIT_BYTES + 1)))
        await log.append(draft(bytes(LIMIT_BYTES)))
        assert await values(log) == [bytes(LIMIT_BYTES)]

    async def test_a_compacted_topic_keeps_the_last_record_of_each_key(self, log: Log) -> None:
        for key, value in [("a", b"1"), ("b", b"1"), ("a", b"2"), ("c", b"1"), ("a", b"3"), ("c", None)]:
            await log.append(draft(value, key=key, topic="state"))
        last = {entry.draft.key: entry.draft.value for entry in await log.fetch("state", 0, 0)}
        assert last == {"a": b"3", "b": b"1", "c": None}

    async def test_keys_of_a_compacted_topic_are_per_partition(self, log: Log) -> None:
        await log.append(draft(b"zero", topic="state", partition=0))
        await log.append(draft(b"one", topic="state", partition=1))
        assert (await values(log, "state", 0), await values(log, "state", 1)) == ([b"zero"], [b"one"])

    async def test_a_checkpoint_writes_records_and_marks(self, log: Log) -> None:
        member = await sole(log)
        assert await log.committed("group", "inbox", 0) == Mark()
        await log.checkpoint(
            member.owner, [draft(b"s", topic="state"), draft(b"i", partition=1)], {0: Mark(7, "so far")}
        )
        assert await values(log, "state") == [b"s"]
        assert await values(log, partition=1) == [b"i"]
        assert [await log.committed("group", "inbox", number) for number in (0, 1)] == [Mark(7, "so far"), Mark()]

    async def test_a_note_holds_what_kafka_keeps_too(self, log: Log) -> None:
        member = await sole(log)
        await log.checkpoint(member.owner, [], {0: Mark(1, "n" * MAX_NOTE)})
        assert await log.committed("group", "inbox", 0) == Mark(1, "n" * MAX_NOTE)
        for wrong in ("n" * (MAX_NOTE + 1), "\N{GREEK SMALL LETTER ALPHA}", "a\nb"):
            with pytest.raises(ValueError, match="printable ASCII"):
                Mark(1, wrong)

    async def test_groups_go_on_from_their_own_marks(self, log: Log) -> None:
        await log.checkpoint((await sole(log, "one")).owner, [], {0: Mark(3)})
        await log.checkpoint((await sole(log, "two")).owner, [], {0: Mark(5)})
        assert [(await log.committed(group, "inbox", 0)).offset for group in ("one", "two")] == [3, 5]

    async def test_a_checkpoint_wakes_readers(self, log: Log) -> None:
        member = await sole(log)
        reader = asyncio.create_task(log.fetch("state", 0, 0, wait_s=5))
        await asyncio.sleep(0)
        await log.checkpoint(member.owner, [draft(b"s", topic="state")], {})
        assert [entry.draft.value for entry in await reader] == [b"s"]

    async def test_one_member_holds_all_partitions(self, log: Log) -> None:
        member = await log.join("group", "inbox")
        change = await soon(member.changed())
        assert (sorted(change.gained), change.leaving, change.lost) == ([0, 1], (), ())
        assert sorted(change.owner.partitions) == [0, 1]
        assert (change.owner.group, change.owner.topic) == ("group", "inbox")
        assert member.owner == change.owner

    async def test_a_member_that_joins_waits_until_its_share_is_released(self, log: Log) -> None:
        first = await sole(log)
        second = await log.join("group", "inbox")
        change = await soon(first.changed())
        assert (change.gained, len(change.leaving), change.lost) == ((), 1, ())
        waiting = asyncio.ensure_future(second.changed())
        await log.checkpoint(first.owner, [], {change.leaving[0]: Mark(4)})
        assert not waiting.done()
        await first.release(change.leaving)
        assert (await soon(waiting)).gained == change.leaving
        assert sorted((*first.owner.partitions, *second.owner.partitions)) == [0, 1]
        assert await log.committed("group", "inbox", change.leaving[0]) == Mark(4)
        await log.checkpoint(first.owner, [], dict.fromkeys(first.owner.partitions, Mark(5)))
        await log.checkpoint(second.owner, [], dict.fromkeys(second.owner.partitions, Mark(6)))

    async def test_who_released_a_partition_is_fenced_from_it(self, log: Log) -> None:
        first = await sole(log)
        old = first.owner
        second = await log.join("group", "inbox")
        (leaving,) = (await soon(first.changed())).leaving
        await first.release([leaving])
        await soon(second.changed())
        with pytest.raises(Fenced, match="group"):
            await log.checkpoint(old, [draft(b"late", topic="state")], {leaving: Mark(2)})
        assert await values(log, "state") == []
        assert await log.committed("group", "inbox", leaving) == Mark()

    async def test_an_owner_speaks_for_its_partitions_only(self, log: Log) -> None:
        first = await sole(log)
        second = await log.join("group", "inbox")
        (leaving,) = (await soon(first.changed())).leaving
        await first.release([leaving])
        await soon(second.changed())
        with pytest.raises(Fenced):
            await log.checkpoint(first.owner, [], {leaving: Mark(2)})
        assert await log.committed("group", "inbox", leaving) == Mark()

    async def test_what_a_member_leaves_goes_to_the_others(self, log: Log) -> None:
        first, second = await log.join("group", "inbox"), await log.join("group", "inbox")
        await both(first, second)
        await first.leave()
        await first.leave()
        with pytest.raises(Closed, match="has left"):
            await soon(first.changed())
        await until(second, 2)
        await log.checkpoint(second.owner, [], {0: Mark(1), 1: Mark(1)})

    async def test_nothing_moves_between_members_that_stay(self, log: Log) -> None:
        await log.declare([Topic("many", partitions=7)])
        members = [await log.join("group", "many") for _ in range(3)]
        await settle(*members)
        held = [set(member.owner.partitions) for member in members]
        assert sorted(map(len, held)) == [2, 2, 3]
        await members[2].leave()
        await settle(*members[:2])
        assert all(set(member.owner.partitions) > before for member, before in zip(members[:2], held, strict=False))
        assert sorted((*members[0].owner.partitions, *members[1].owner.partitions)) == list(range(7))

    async def test_more_members_than_partitions_stand_by(self, log: Log) -> None:
        members = [await log.join("group", "inbox") for _ in range(3)]
        await settle(*members)
        assert sorted(len(member.owner.partitions) for member in members) == [0, 1, 1]
        busy = [member for member in members if member.owner.partitions]
        await busy[0].leave()
        await settle(*(member for member in members if member is not busy[0]))
        assert all(len(member.owner.partitions) == 1 for member in members if member is not busy[0])

    async def test_a_name_is_one_members(self, log: Log) -> None:
        old = await sole(log, name="worker-0")
        owner = old.owner
        new = await log.join("group", "inbox", name="worker-0")
        await until(new, 2)
        with pytest.raises(Fenced):
            await log.checkpoint(owner, [draft(b"late", topic="state")], {0: Mark(2)})
        with pytest.raises(Fenced, match="name"):
            await until(old, 3)  # it hears of nothing else
        await log.checkpoint(new.owner, [draft(b"ok", topic="state")], {1: Mark(9)})
        assert await values(log, "state") == [b"ok"]

    async def test_groups_and_topics_do_not_disturb_each_other(self, log: Log) -> None:
        members = [await sole(log, "one"), await sole(log, "two"), await sole(log, "one", "state")]
        await members[1].leave()
        await log.checkpoint(members[0].owner, [], {0: Mark(1), 1: Mark(1)})
        await log.checkpoint(members[2].owner, [], {0: Mark(2), 1: Mark(2)})
        assert await log.committed("one", "inbox", 1) == Mark(1)

    @pytest.mark.parametrize("bad", [draft(bytes(LIMIT_BYTES + 1), topic="state"), draft(b"", topic="nowhere")])
    async def test_a_checkpoint_with_a_bad_record_writes_nothing(self, log: Log, bad: Draft) -> None:
        member = await sole(log)
        with pytest.raises((Oversize, NoTopic)):
            await log.checkpoint(member.owner, [draft(b"good", topic="state"), bad], {0: Mark(4)})
        assert await values(log, "state") == []
        assert await log.committed("group", "inbox", 0) == Mark()
        await log.checkpoint(member.owner, [draft(b"good", topic="state")], {0: Mark(4)})
        assert await values(log, "state") == [b"good"]

    async def test_what_is_too_old_is_dropped(self, log: Log, clock: Clock) -> None:
        for value in (b"1", b"2"):
            await log.append(draft(value, topic="progress"))
        await self.later(log, clock, 60)
        kept = await log.append(draft(b"3", topic="progress"))
        assert await values(log, "progress") == [b"1", b"2", b"3"]
        await self.later(log, clock, 60)
        await self.until_dropped(log, "progress", [b"3", b"4"], draft(b"4", topic="progress"))
        (first,) = await log.fetch("progress", 0, 0, limit=1)
        assert (first.offset, first.draft.value) == (kept.offset, b"3")

    async def test_of_a_compacted_topic_only_old_tombstones_are_dropped(self, log: Log, clock: Clock) -> None:
        for key, value in [("a", b"1"), ("b", b"1"), ("b", None)]:
            await log.append(draft(value, key=key, topic="windows"))
        await self.later(log, clock, 120)
        await self.until_dropped(log, "windows", [b"1", b"2"], draft(b"2", key="c", topic="windows"))
        await log.append(draft(b"3", key="b", topic="windows"))
        assert await values(log, "windows") == [b"1", b"2", b"3"]

    async def until_dropped(self, log: Log, topic: str, left: list[bytes | None], last: Draft) -> None:
        """Append the last record; what is too old goes soon after."""
        await log.append(last)
        async with asyncio.timeout(30):
            while await values(log, topic) != left:
                await asyncio.sleep(0.05)
                await log.append(draft(b"time goes by"))

    async def test_nobody_is_served_by_a_log_that_is_closed_twice(self, log: Log) -> None:
        await log.append(draft(b"one"))
        await log.close()
        await log.close()
