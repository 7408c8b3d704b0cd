"""Ids of runs: ``<partition>-<128 bits>-<mac>``. They tell the home partition, and that this installation gave them out."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

_FORM = re.compile(r"(?P<partition>0|[1-9][0-9]{0,5})-(?P<bits>[0-9a-f]{32})-(?P<mac>[0-9a-f]{8})")
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class RunId:
    """The parts of a run's id.

    Attributes:
        partition: the home partition: where its events, state and outcome are.
        bits: 128 bits, in hex.
        mac: first 32 bits of a keyed hash of the rest, in hex.
    """

    partition: int
    bits: str
    mac: str

    def __str__(self) -> str:
        return f"{self.partition}-{self.bits}-{self.mac}"


def new_run_id(secret: bytes, partitions: int = 1, bits: str = "") -> RunId:
    """An id in one of ``partitions`` partitions: a fresh one, or that of 128 bits in hex."""
    bits = bits or secrets.token_hex(16)
    partition = int(bits, 16) % partitions
    return RunId(partition, bits, _mac(secret, partition, bits))


def parse_run_id(text: str, secret: bytes) -> RunId:
    """The parts of an id that was given out under ``secret``.

    Raises:
        ValueError: it has another form, or was given out elsewhere.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(f"a run's id is <partition>-<32 hex digits>-<8 hex digits>, got {text!r}")
    run = RunId(int(found["partition"]), found["bits"], found["mac"])
    if not hmac.compare_digest(run.mac, _mac(secret, run.partition, run.bits)):
        raise ValueError(f"run {text} was not given out by this installation")
    return run


def state_secret(state: Path) -> bytes:
    """The secret of a state folder; made on first use, readable by its owner alone. Safe against another process doing so.

    Raises:
        OSError: the folder cannot be written.
    """
    path = state / "secret"
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        _offer(path, secrets.token_bytes(_SECRET_BYTES))
    return path.read_bytes()


def _offer(path: Path, secret: bytes) -> None:
    """Put a whole file in place, unless there is one by now."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    try:
        path.hardlink_to(part)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def _mac(secret: bytes, partition: int, bits: str) -> str:
    return hmac.digest(secret, f"{partition}-{bits}".encode(), "sha256").hex()[:8]
