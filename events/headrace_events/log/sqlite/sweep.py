"""Dropping what retention no longer keeps, a portion at a time: nobody waits long behind it."""

from __future__ import annotations

import sqlite3

from headrace_events.log.sqlite.schema import OFFSET_BITS

_PORTION = 500

_OLD = (
    "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?) AND at_s < ?"
)
_OLD_TOMBSTONES = (
    "DELETE FROM records WHERE id IN (SELECT id FROM records WHERE value IS NULL AND id >= ? AND id < ? AND at_s < ? LIMIT ?)"
    " RETURNING key"
)


def sweep(connection: sqlite3.Connection, now_s: float) -> bool:
    """Drop a portion of the oldest records of each topic that keeps them for some time only.

    Args:
        connection: within a transaction.
        now_s: the log's time, in Unix seconds.

    Returns:
        Whether that was all.
    """
    kept = connection.execute(
        "SELECT place, partitions, compacted, retention_s FROM topics WHERE retention_s IS NOT NULL"
    ).fetchall()
    dropped = [
        _drop(connection, place, bool(compacted), now_s - retention_s)
        for first, partitions, compacted, retention_s in kept
        for place in range(first, first + partitions)
    ]
    return _PORTION not in dropped


def _drop(connection: sqlite3.Connection, place: int, compacted: bool, before_s: float) -> int:
    first, end = place << OFFSET_BITS, (place + 1) << OFFSET_BITS
    if not compacted:
        return connection.execute(_OLD, (first, end, _PORTION, before_s)).rowcount
    keys = connection.execute(_OLD_TOMBSTONES, (first, end, before_s, _PORTION)).fetchall()
    connection.executemany("DELETE FROM latest WHERE place = ? AND key = ?", ((place, key) for (key,) in keys))
    return len(keys)
