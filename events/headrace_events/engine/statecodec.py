"""A run's state as records of the compacted topic ``state``, and back: binary, and only what has changed. Pure.

``<run>`` holds the run and its units; ``<run>/<unit>/<page>`` the slots of a page of a mapped segment. Values are msgpack.
A payload is ``[items, bytes, offset, place, part, keys]``, with the part's name and the keys as numbers of the record's
table of texts; an object of the run itself is its 32-byte digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

from headrace_events.engine.events import Payload, TaskKey
from headrace_events.engine.state import (
    PAGE,
    Gone,
    JoinState,
    Open,
    Pages,
    RunState,
    SegmentState,
    Slot,
    Unit,
)
from headrace_serving.failure import TaskFailure

FORMAT = 1
MOST_CHUNKS = 1 << 16
"""A record that speaks of more chunks is no state: ``decide`` makes 1,024 at most, a stream some more."""

_FRESH = Open()
_DIGEST_BYTES = 32
_library: Any = msgpack
_pack: Callable[[Any], bytes] = _library.packb
_unpack: Callable[..., Any] = _library.unpackb


class UndecodableState(ValueError):
    """Raised for records that are no state of a run: it says of which run, and what is wrong."""


def changed(before: RunState | None, after: RunState, prefix: str) -> Iterator[tuple[str, bytes | None]]:
    """The records to write so that the topic holds ``after``, where it holds ``before``; ``None`` takes one away.

    Args:
        before: what was last written; ``None``: nothing.
        after: what is to be there.
        prefix: where in the object store the run's objects lie.
    """
    if before is after:
        return
    yield after.run, _header(after, prefix)
    for number, unit in enumerate(after.units):
        if isinstance(unit, SegmentState) and _is_paged(unit):
            yield from _pages(after.run, number, unit, before.segment(number) if before else None, prefix)
        elif before and before.units[number] is not unit:
            yield from ((key, None) for key in _paged(after.run, number, before.units[number]))


def forgotten(state: RunState) -> Iterator[str]:
    """The keys of all records that a state may have."""
    yield state.run
    for number, unit in enumerate(state.units):
        yield from _paged(state.run, number, unit)


def restored(run: str, records: Mapping[str, bytes], prefix: str) -> RunState:
    """The state of a run.

    Args:
        run: its id.
        records: by key.
        prefix: as it was written with.

    Raises:
        UndecodableState: the records are not all of one state.
    """
    try:
        return _restored(run, records, prefix)
    except UndecodableState:
        raise
    except Exception as error:
        raise UndecodableState(f"run {run}: expects a state, got {type(error).__name__}: {error}") from error


def _restored(run: str, records: Mapping[str, bytes], prefix: str) -> RunState:
    reader = _Reader(prefix, _opened(run, records))
    version, deadline_at_s, inputs, units, clocks = reader.content
    return RunState(
        run,
        version,
        deadline_at_s,
        tuple(None if each is None else reader.payload(each) for each in inputs),
        tuple(_unit(run, number, unit, records, reader) for number, unit in enumerate(units)),
        frozenset(clocks),
    )


def _opened(key: str, records: Mapping[str, bytes]) -> Any:
    if key not in records:
        raise UndecodableState(f"{key}: expects a record, got none")
    found = _unpack(records[key], strict_map_key=True)
    if not isinstance(found, list) or len(found) != 3 or found[0] != FORMAT:
        raise UndecodableState(f"{key}: expects state format {FORMAT}, got {str(found)[:60]}")
    return found


def _paged(run: str, number: int, unit: Unit) -> Iterator[str]:
    """The keys of a unit's pages."""
    if isinstance(unit, SegmentState) and _is_paged(unit):
        yield from (f"{run}/{number}/{page}" for page in range(len(unit.slots.pages)))


def _is_paged(unit: SegmentState) -> bool:
    """Whether its slots lie apart; a single one lies with the run."""
    return len(unit.slots) > 1


def _header(state: RunState, prefix: str) -> bytes:
    writer = _Writer(prefix)
    inputs = [None if each is None else writer.payload(each) for each in state.inputs]
    units = [_written(unit, writer) for unit in state.units]
    return writer.record([state.version, state.deadline_at_s, inputs, units, sorted(state.clocks)])


def _pages(
    run: str, number: int, unit: SegmentState, before: SegmentState | None, prefix: str
) -> Iterator[tuple[str, bytes]]:
    known = before.slots.pages if before else ()
    for page, slots in enumerate(unit.slots.pages):
        if page >= len(known) or known[page] is not slots:
            writer = _Writer(prefix)
            yield f"{run}/{number}/{page}", writer.record([_slot(slot, writer) for slot in slots])


def _written(unit: Unit, writer: _Writer) -> Any:
    match unit:
        case None:
            return None
        case Gone(failure=failure, task=task):
            return ["gone", failure and failure.model_dump_json(), task and [task.segment, task.chunk, task.attempt]]
        case JoinState(chosen=chosen, per_item=per_item):
            return ["join", _numbers(chosen), per_item]
        case SegmentState():
            single = None if _is_paged(unit) or not len(unit.slots) else _slot(unit.slots[0], writer)
            picked = None if unit.chosen is None else _numbers(_steps(unit.chosen))
            failed = unit.failure and unit.failure.model_dump_json()
            shape = [unit.items, unit.axis, unit.size, unit.mapped, len(unit.slots)]
            return ["work", shape, single, picked, unit.lost, failed]


def _unit(run: str, number: int, unit: Any, records: Mapping[str, bytes], reader: _Reader) -> Unit:
    match unit:
        case None:
            return None
        case ["gone", failure, task]:
            of = task and TaskKey(segment=task[0], chunk=task[1], attempt=task[2])
            return Gone(_failure(failure), of)
        case ["join", chosen, per_item]:
            return JoinState(tuple(_read_numbers(chosen)), bool(per_item))
        case ["work", [items, axis, size, mapped, chunks], only, chosen, lost, failure] if chunks <= MOST_CHUNKS:
            slots = _slots(f"{run}/{number}", chunks, only, records, reader)
            missing = sum(isinstance(slot, Open) for slot in slots)
            picked = None if chosen is None else tuple(_sums(_read_numbers(chosen)))
            return SegmentState(items, axis, size, mapped, slots, missing, picked, lost, _failure(failure))
        case _:
            raise UndecodableState(f"{run}: expects a unit at {number}, got {str(unit)[:60]}")


def _failure(text: str | None) -> TaskFailure | None:
    return None if text is None else TaskFailure.model_validate_json(text)


def _slots(key: str, chunks: int, only: Any, records: Mapping[str, bytes], reader: _Reader) -> Pages[Slot]:
    if chunks <= 1:
        return Pages(((reader.slot(only),),) if chunks else (), chunks)
    pages: list[tuple[Slot, ...]] = []
    for page in range(-(-chunks // PAGE)):
        content = _Reader(reader.prefix, _opened(f"{key}/{page}", records))
        pages.append(tuple(map(content.slot, content.content)))
        if len(pages[-1]) != min(PAGE, chunks - page * PAGE):
            raise UndecodableState(f"{key}/{page}: expects {PAGE} slots, or what is left, got {len(pages[-1])}")
    return Pages(tuple(pages), chunks)


def _slot(slot: Slot, writer: _Writer) -> Any:
    if isinstance(slot, Open):
        return 0 if slot == _FRESH else [slot.attempt, slot.failures, slot.faults, slot.due_s]
    return [[*map(writer.payload, slot)]]


@dataclass(slots=True)
class _Writer:
    """Writes the payloads of one record; texts that come again are written once."""

    prefix: str
    texts: dict[str, int] = field(default_factory=dict[str, int])

    def payload(self, payload: Payload) -> list[Any]:
        found = [
            payload.items,
            payload.nbytes,
            payload.offset,
            self._place(payload.key),
            self._text(payload.part),
            _numbers([self._text(key) for key in payload.keys]),
        ]
        return found if payload.keys else found[:-1]

    def record(self, content: Any) -> bytes:
        return _pack([FORMAT, list(self.texts), content])

    def _place(self, key: str) -> str | bytes:
        home, _, digest = key.rpartition("/")
        if home == self.prefix and len(digest) == 2 * _DIGEST_BYTES:
            return bytes.fromhex(digest)
        return key

    def _text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


class _Reader:
    """Reads what a :class:`_Writer` wrote."""

    def __init__(self, prefix: str, opened: Any) -> None:
        self.prefix = prefix
        self._texts: list[str] = opened[1]
        self.content: Any = opened[2]

    def payload(self, found: Any) -> Payload:
        items, nbytes, offset, place, part, *keys = found
        return Payload(
            items=items,
            nbytes=nbytes,
            offset=offset,
            key=f"{self.prefix}/{place.hex()}" if isinstance(place, bytes) else place,
            part=self._texts[part],
            keys=tuple(self._texts[key] for key in _read_numbers(keys[0])) if keys else (),
        )

    def slot(self, found: Any) -> Slot:
        if found == 0:
            return _FRESH
        return tuple(map(self.payload, found[0])) if len(found) == 1 else Open(*found)


def _numbers(numbers: Sequence[int]) -> bytes | list[int]:
    """Small numbers, from -1, as bytes, others as they are."""
    return bytes(each + 1 for each in numbers) if all(-1 <= each < 0xFF for each in numbers) else list(numbers)


def _read_numbers(found: bytes | list[int]) -> Sequence[int]:
    return [each - 1 for each in found] if isinstance(found, bytes) else found


def _steps(ascending: Sequence[int]) -> list[int]:
    """Ascending numbers as the way from each to the next: small, mostly."""
    return [number - before for number, before in zip(ascending, (0, *ascending), strict=False)]


def _sums(steps: Sequence[int]) -> Iterator[int]:
    number = 0
    for step in steps:
        number += step
        yield number
