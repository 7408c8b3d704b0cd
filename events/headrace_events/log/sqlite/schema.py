"""The log's file: its tables, how a connection to it is set up, and where it may lie. No record is read or written here."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Literal

from headrace_events.log.contract import Unfit

Durability = Literal["process", "power"]
"""What an accepted record survives: the death of every process, or a power cut too (each commit then waits for the disk)."""

FORMAT = 2
"""The version of the tables."""

OFFSET_BITS = 40
"""A record's number is its partition's, shifted by so much, plus its offset: one tree holds all partitions, each in order."""

_APPLICATION = 0x48524C47
_SYNCHRONOUS: dict[Durability, str] = {"process": "NORMAL", "power": "FULL"}
_BUSY_MS = 10_000
_ELSEWHERE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "beegfs", "gpfs", "glusterfs", "fuse.sshfs")
)
"""File systems that several machines write to: their locks and shared memory are not those of one."""

_TABLES = """
CREATE TABLE topics (
    name TEXT PRIMARY KEY, place INTEGER NOT NULL UNIQUE, partitions INTEGER NOT NULL, compacted INTEGER NOT NULL, retention_s REAL
) STRICT;
CREATE TABLE ends (place INTEGER PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE records (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, key TEXT NOT NULL, value BLOB, headers TEXT NOT NULL
) STRICT;
CREATE INDEX tombstones ON records (id, at_s) WHERE value IS NULL;
CREATE TABLE latest (place INTEGER NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (place, key)) WITHOUT ROWID, STRICT;
CREATE TABLE marks (party TEXT NOT NULL, place INTEGER NOT NULL, value INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (party, place))
    WITHOUT ROWID, STRICT;
CREATE TABLE seats (
    party TEXT NOT NULL, place INTEGER NOT NULL, epoch INTEGER NOT NULL, member INTEGER, heir INTEGER, PRIMARY KEY (party, place)
) WITHOUT ROWID, STRICT;
CREATE TABLE members (
    id INTEGER PRIMARY KEY AUTOINCREMENT, party TEXT NOT NULL, topic TEXT NOT NULL, name TEXT NOT NULL, bell TEXT NOT NULL,
    session_s REAL NOT NULL, seen_s REAL NOT NULL
) STRICT;
"""


def create(file: Path, durability: Durability) -> sqlite3.Connection:
    """Open the log's file to write to it; it is made where it is not there.

    Raises:
        Unfit: it cannot be used.
    """
    _make(file.parent)
    _require_local(file.parent)
    connection = connect(file, durability)
    try:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("PRAGMA application_id").fetchone()[0] and not _tables(connection):
            for statement in (
                *_TABLES.split(";\n")[:-1],
                f"PRAGMA application_id = {_APPLICATION}",
                f"PRAGMA user_version = {FORMAT}",
            ):
                connection.execute(statement)
        _require_ours(connection, file)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def connect(file: Path, durability: Durability = "process") -> sqlite3.Connection:
    """A connection for one thread. Transactions are begun and ended by hand.

    Raises:
        Unfit: the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(file, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        os.chmod(file, 0o600)  # noqa: PTH101  # payloads are nobody else's business
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durability]}")
    except (sqlite3.Error, OSError) as error:
        raise Unfit(
            f"{file}: expects the file of a log that can be written, got {error}. Give another folder"
        ) from error
    return connection


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unfit(f"{folder}: expects a folder that can be made, got {error}. Give another one") from error


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])


def _require_ours(connection: sqlite3.Connection, file: Path) -> None:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != _APPLICATION:
        raise Unfit(f"{file}: expects the file of a log, got a database of something else. Give another folder")
    if version != FORMAT:
        raise Unfit(
            f"{file}: expects a log of format {FORMAT}, got {version}. Use the release that wrote it, or another folder"
        )


def _require_local(folder: Path) -> None:
    kind = file_system(folder, Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"))
    if kind in _ELSEWHERE:
        raise Unfit(
            f"{folder}: expects a disk of this machine, got {kind}, on which locks do not hold. Give another folder"
        )


def file_system(folder: Path, mounts: str) -> str:
    """The type of the file system that a folder lies on.

    Args:
        folder: what is looked for.
        mounts: as ``/proc/self/mountinfo`` lists them (proc(5)); a later one covers an earlier.
    """
    path, found, kind = folder.resolve(), Path("/"), ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode("latin-1", "backslashreplace").decode("unicode_escape"))
        if path.is_relative_to(point) and point.is_relative_to(found):
            found, kind = point, after.split()[0]
    return kind
