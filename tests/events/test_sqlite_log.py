"""The embedded log keeps the log's contract; and what only it can do: several processes, deaths, a full disk, a file of others."""

import asyncio
import os
import signal
import sqlite3
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.conformance.log import COMPACT, LIMIT_BYTES, PLAIN, Clock, LogConformance, both, draft, until, values

from headrace_events.log.contract import Closed, Draft, Fenced, Log, Mark, NoRoom, Topic, Unfit
from headrace_events.log.sqlite.bells import Bells
from headrace_events.log.sqlite.log import FILE, SqliteLog
from headrace_events.log.sqlite.schema import file_system

pytestmark = pytest.mark.asyncio


class TestSqliteLog(LogConformance):
    @pytest_asyncio.fixture
    async def log(self, tmp_path: Path, clock: Clock) -> AsyncIterator[Log]:
        log = await SqliteLog.open(tmp_path / "log", max_record_bytes=LIMIT_BYTES, clock=clock)
        yield log
        await log.close()


@pytest_asyncio.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    log = await SqliteLog.open(tmp_path / "log")
    await log.declare([PLAIN, COMPACT])
    yield log
    await log.close()


OTHER = """
import asyncio, sys
from pathlib import Path
from headrace_events.log.contract import Draft, Fenced, Mark, Topic
from headrace_events.log.sqlite.log import SqliteLog

async def main(role, folder):
    log = await SqliteLog.open(Path(folder))
    await globals()[role](log)
    await log.close()

async def append(log):
    number = 0
    while True:
        await log.append(Draft("inbox", 0, "k", b"%d" % number))
        print(number, flush=True)
        number += 1

async def echo(log):
    offset = 0
    print("ready", flush=True)
    while True:
        for entry in await log.fetch("inbox", 0, offset, wait_s=60):
            offset = entry.offset + 1
            await log.append(Draft("inbox", 1, "k", entry.draft.value))

async def hold(log):
    member = await log.join("group", "inbox", session_s=1.0)
    change = await member.changed()
    print("mine", flush=True)
    while True:
        try:
            await log.checkpoint(change.owner, [Draft("state", 0, "k", b"old")], {0: Mark(1)})
        except Fenced:
            print("fenced", flush=True)
            break
        await asyncio.sleep(0.01)
    while not change.lost:
        change = await member.changed()
    print("lost", *change.lost, flush=True)
    while not change.gained:
        change = await member.changed()
    print("again", *change.gained, flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


def count(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def other(role: str, folder: Path) -> asyncio.subprocess.Process:
    """Another process that has the log open."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, role, str(folder / "log"), stdout=asyncio.subprocess.PIPE
    )


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def test_what_was_accepted_outlives_the_death_of_its_process(log: SqliteLog, tmp_path: Path) -> None:
    """Killed at any moment, it leaves every record that it had told of, in order, and none of which there is half."""
    told = -1
    for _ in range(3):
        process = await other("append", tmp_path)
        for _ in range(150):
            told = int(await said(process))
        process.kill()
        assert process.stdout
        rest = (await process.stdout.read()).decode().split()
        await process.wait()
        last = int(rest[-1]) if rest and rest[-1].isdigit() else told
        found = await values(log)
        of_it = found[-(last + 1) :] if int(found[-1] or b"0") == last else found[-(last + 2) :]
        assert [int(value or b"") for value in of_it][: last + 1] == list(range(last + 1))
    await log.append(draft(b"on"))


async def test_an_append_is_heard_in_another_process_at_once(log: SqliteLog, tmp_path: Path) -> None:
    process = await other("echo", tmp_path)
    assert await said(process) == "ready"
    offset, took_s = 0, list[float]()
    for number in range(200):
        begun_s = time.monotonic()
        await log.append(draft(b"%d" % number))
        (entry,) = await log.fetch("inbox", 1, offset, wait_s=20)
        took_s.append(time.monotonic() - begun_s)
        assert entry.draft.value == b"%d" % number
        offset = entry.offset + 1
    process.kill()
    await process.wait()
    assert statistics.median(took_s) < 0.5, "it is woken, and does not look every now and then"


async def frozen(process: asyncio.subprocess.Process, log: SqliteLog) -> None:
    """Stop a process between two of its transactions: in one, everybody waits for it."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            await asyncio.wait_for(log.append(draft(b"still here", partition=1)), 1)
        except TimeoutError:
            os.kill(process.pid, signal.SIGCONT)
        else:
            return


async def test_an_owner_that_was_frozen_is_fenced_and_comes_back(log: SqliteLog, tmp_path: Path) -> None:
    process = await other("hold", tmp_path)
    assert await said(process) == "mine"
    await log.fetch("state", 0, 0, wait_s=20)
    member = await log.join("group", "inbox", session_s=2.0)
    await frozen(process, log)
    await until(member, 2)
    await log.checkpoint(member.owner, [draft(b"new", topic="state")], {0: Mark(5)})
    os.kill(process.pid, signal.SIGCONT)
    assert await said(process) == "fenced"
    assert (await said(process)).startswith("lost")
    assert await values(log, "state") == [b"new"]
    assert await log.committed("group", "inbox", 0) == Mark(5)
    await member.leave()
    assert await said(process) in {"again 0 1", "again 0", "again 1"}
    process.kill()
    await process.wait()


async def test_the_partitions_of_a_process_that_died_are_given_out_at_once(log: SqliteLog, tmp_path: Path) -> None:
    process = await other("hold", tmp_path)
    assert await said(process) == "mine"
    member = await log.join("group", "inbox", session_s=600.0)
    await frozen(process, log)  # it would tell a death from a release
    process.kill()
    await process.wait()
    begun_s = time.monotonic()
    await log.append(draft(b"who hears?"))
    await until(member, 2)
    assert time.monotonic() - begun_s < 0.9, "its bell tells, and no session has to end"


async def test_members_show_themselves(log: SqliteLog) -> None:
    """Nobody is held for dead who lives, however long nothing happens."""
    members = [await log.join("group", "inbox", session_s=0.3) for _ in range(2)]
    await both(*members)
    owners = [member.owner for member in members]
    await asyncio.sleep(1.0)
    for owner in owners:
        await log.checkpoint(owner, [], dict.fromkeys(owner.partitions, Mark(3)))


async def test_processes_that_are_gone_leave_no_bell(log: SqliteLog, tmp_path: Path) -> None:
    process = await other("echo", tmp_path)
    await said(process)
    bells = tmp_path / "log" / "bells"
    assert count(bells) == 2
    process.kill()
    await process.wait()
    await log.append(draft(b"one"))
    await log.append(draft(b"two"))
    assert count(bells) == 1


async def test_a_bell_that_is_rung_too_often_is_heard_as_any(tmp_path: Path) -> None:
    ringing, hearing = Bells(tmp_path), Bells(tmp_path)
    ringing.ring(frozenset({3}))
    assert hearing.hear() == {3}
    for place in range(5_000):
        ringing.ring(frozenset({place}))
    assert hearing.hear() is None
    ringing.ring(frozenset(range(1_000)))
    assert hearing.hear() is None
    ringing.close()
    hearing.close()


async def test_it_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    first = await SqliteLog.open(tmp_path / "a" / "log", durability="power")
    await first.declare([PLAIN, COMPACT])
    member = await first.join("group", "inbox")
    await until(member, 2)
    owner = member.owner
    await first.checkpoint(owner, [draft(b"one"), draft(b"s", topic="state")], {0: Mark(7, "note")})
    await first.close()
    await first.close()
    with pytest.raises(Closed):
        await first.append(draft(b"late"))
    again = await SqliteLog.open(tmp_path / "a" / "log")
    assert (await values(again), await values(again, "state")) == ([b"one"], [b"s"])
    assert await again.committed("group", "inbox", 0) == Mark(7, "note")
    with pytest.raises(Fenced):
        await again.checkpoint(owner, [], {0: Mark(8)})
    await again.close()


async def test_who_waits_while_it_is_closed_is_told(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path)
    await log.declare([PLAIN])
    waiting = asyncio.ensure_future(log.fetch("inbox", 0, 0, wait_s=60))
    await asyncio.sleep(0.05)
    await log.close()
    with pytest.raises(Closed):
        async with asyncio.timeout(5):
            await waiting


async def test_a_disk_without_room_refuses_and_goes_on(log: SqliteLog) -> None:
    def limited(pages: int) -> None:
        log._writer.connection.execute(f"PRAGMA max_page_count = {pages}")

    await log._write(lambda _: limited(40))
    large = [log.append(draft(bytes(200_000))), log.append(draft(b"small")), log.append(draft(bytes(200_000)))]
    came = await asyncio.gather(*large, return_exceptions=True)
    assert [type(each) for each in came[::2]] == [NoRoom, NoRoom]
    assert await values(log) == [b"small"]
    await log._write(lambda _: limited(100_000))
    await log.append(draft(bytes(200_000)))
    assert len(await values(log)) == 2


async def test_large_records_are_fetched_in_portions(log: SqliteLog) -> None:
    for _ in range(12):
        await log.append(draft(bytes(1 << 20)))
    assert len(await log.fetch("inbox", 0, 0)) == 8
    assert len(await log.fetch("inbox", 0, 8)) == 4


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    with pytest.raises(Unfit, match="got a database of something else"):
        await SqliteLog.open(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(Unfit, match="expects the file of a log"):
        await SqliteLog.open(tmp_path / "b")


async def test_a_log_of_another_format_is_refused(tmp_path: Path) -> None:
    await (await SqliteLog.open(tmp_path)).close()
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(Unfit, match="expects a log of format 2, got 9"):
        await SqliteLog.open(tmp_path)


async def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unfit, match="expects a folder that can be made"):
        await SqliteLog.open(tmp_path / "file" / "log")


async def test_disks_of_other_machines_are_known() -> None:
    mounts = (
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "30 22 0:40 / /srv/my\\040share rw shared:1 - nfs4 server:/x rw\n"
        "31 30 0:41 / /srv/my\\040share/here rw - tmpfs tmpfs rw\n"
    )
    assert file_system(Path("/srv/elsewhere"), mounts) == "ext4"
    assert file_system(Path("/srv/my share/a/b"), mounts) == "nfs4"
    assert file_system(Path("/srv/my share/here/a"), mounts) == "tmpfs"


async def test_only_its_owner_can_read_it(log: SqliteLog, tmp_path: Path) -> None:
    assert (tmp_path / "log" / FILE).stat().st_mode & 0o077 == 0
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


async def test_a_topic_made_in_a_transaction_that_failed_is_not_there(log: SqliteLog) -> None:
    await log._write(lambda _: log._writer.connection.execute("PRAGMA max_page_count = 40").fetchall())
    fails = [log.declare([Topic("fresh")]), log.append(Draft("inbox", 0, "k", bytes(900_000)))]
    came = await asyncio.gather(*fails, return_exceptions=True)
    assert isinstance(came[1], NoRoom)
    assert came[0] is None
    assert await log.end("fresh", 0) == 0
