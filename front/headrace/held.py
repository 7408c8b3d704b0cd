"""The values of a recorded run: what went in, what passed between segments, what came out. Needs no code of the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

from headrace_dags.media.handles import Blob
from headrace_dags.media.sources import LocalSource
from headrace_dags.plan.model import Flow
from headrace_events.engine.events import Piece, Result, Submitted
from headrace_events.engine.readback import RunRecord
from headrace_serving.codec import codec
from headrace_serving.failure import TaskFailure
from headrace_serving.objects.contract import ObjectStore
from headrace_serving.tensors import Tensor
from headrace_serving.wire.contract import ItemWire
from headrace_serving.wire.optional import lost


class Items(Sequence[Any]):
    """The items of a tensor, each decoded when it is asked for: a thousand frames take the memory of one.

    Args:
        tensor: holds them as they travel.
        wire: decodes them.
        store: holds their objects.
    """

    def __init__(self, tensor: Tensor, wire: ItemWire, store: ObjectStore) -> None:
        self._tensor = tensor
        self._wire = wire
        self._store = store

    def __len__(self) -> int:
        return self._tensor.items

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        return self._wire.unpack(self._tensor.cut(place, place + 1), self._store)[0]


@dataclass(frozen=True, slots=True)
class Held:
    """A value and where it was.

    Attributes:
        name: of the input or output, or ``node.port``.
        flow: its type, and whether it is many.
        items: texts, JSON values, media handles or arrays; fewer than ``count`` where only the first were asked for.
        count: how many items there are.
        gone: whether its objects have been removed.
        lost: why items are missing that a tolerant map lost, by their place among ``items``.
    """

    name: str
    flow: Flow
    items: Sequence[Any]
    count: int
    gone: bool = False
    lost: Mapping[int, TaskFailure] = field(default_factory=dict[int, TaskFailure])

    @property
    def type(self) -> str:
        """The type, as a person reads it."""
        item = f"{self.flow.type} | None" if self.flow.optional else str(self.flow.type)
        return f"Many[{item}]" if self.flow.many else item


@dataclass(frozen=True, slots=True)
class Values:
    """Reads the values of one run.

    Attributes:
        record: of the run.
        store: holds its objects.
        limit: how many items of each value are wanted; ``None`` is all.
    """

    record: RunRecord
    store: ObjectStore
    limit: int | None = None

    def inputs(self) -> Iterator[Held]:
        """What the run was given, in the order of the dag's inputs."""
        given = next((each.event.inputs for each in self.record.events if isinstance(each.event, Submitted)), {})
        plan = self.record.plan
        for port, flow in zip(plan.graph.inputs, plan.inputs, strict=True):
            if (payload := given.get(port.name)) is not None:
                yield self._held(port.name, flow, [Piece(payload=payload, start=0, stop=payload.items)])

    def outputs(self) -> Iterator[Held]:
        """What came out, in the order of the dag's outputs; nothing of a run that did not succeed."""
        plan, found = self.record.plan, self.record.outcome.outputs if self.record.outcome else {}
        for output, flow in zip(plan.graph.outputs, plan.outputs, strict=True):
            if (name := output.port.name) in found:
                yield self._held(name, flow, found[name])

    def between(self) -> Iterator[Held]:
        """What crossed the log from segment to segment, in the order of the plan."""
        taken = {flow.name for segment in self.record.plan.segments for flow in segment.inputs}
        found = results(self.record)
        for segment in self.record.plan.segments:
            for flow in segment.outputs:
                if flow.name in taken and (segment.name, flow.name) in found:
                    yield self._held(str(flow.use), flow, found[segment.name, flow.name])

    def _held(self, name: str, flow: Flow, pieces: Sequence[Piece]) -> Held:
        count = sum(piece.stop - piece.start for piece in pieces)
        try:
            tensor = self.record.join(_first(pieces, self.limit), flow, self.store)
            items = Items(tensor, codec(flow, Any).wire, self.store)
            gone = _are_gone(items, flow)
        except FileNotFoundError:
            return Held(name, flow, (), count, gone=True)
        return Held(name, flow, () if gone else items, count, gone, dict(lost(tensor)) if flow.optional else {})


def _are_gone(items: Items, flow: Flow) -> bool:
    """Whether objects are no longer there. Media are only referred to: all are looked at; of others the first is decoded.

    Raises:
        FileNotFoundError: likewise, where the first item is an object.
    """
    looked_at = items if flow.wire == "handle" else items[:1]
    return any(is_gone(item) for item in looked_at)


def is_gone(item: Any) -> bool:
    """Whether an item is a medium whose object is no longer there."""
    return isinstance(item, Blob) and isinstance(item.source, LocalSource) and not item.source.path.exists()


def results(record: RunRecord) -> Mapping[tuple[str, str], Sequence[Piece]]:
    """For each segment and flow the first result of each chunk, in the chunks' order."""
    chunks: dict[tuple[str, str], dict[int, Piece]] = {}
    for each in record.events:
        if isinstance(each.event, Result):
            task = each.event.task
            for name, payload in each.event.outputs.items():
                piece = Piece(payload=payload, start=0, stop=payload.items)
                chunks.setdefault((task.segment, name), {}).setdefault(task.chunk, piece)
    return {key: [pieces[chunk] for chunk in sorted(pieces)] for key, pieces in chunks.items()}


def _first(pieces: Sequence[Piece], limit: int | None) -> Sequence[Piece]:
    """The pieces that hold the first ``limit`` items."""
    if limit is None:
        return pieces
    kept: list[Piece] = []
    for piece in pieces:
        if limit <= 0:
            break
        kept.append(replace(piece, stop=min(piece.stop, piece.start + limit)))
        limit -= piece.stop - piece.start
    return kept
