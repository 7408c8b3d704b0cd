"""Which inputs of a segment are cut into chunks, and how large a chunk is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace_dags.graph import Use
from headrace_dags.plan.axes import mapped_use
from headrace_dags.plan.cuts import Place

FUNCTION_CHUNK = 16
"""Items of a chunk that only functions handle: enough to make a task worth its way."""
MODEL_CHUNK = 1
"""Items of a chunk for a model that takes one item at a time: it gains nothing from more, and one slow item delays no other."""


def mapped_inputs(places: Iterable[Place], inputs: Sequence[Use]) -> tuple[Use, ...]:
    """The values among ``inputs`` whose items are cut into chunks, for a segment of ``places``."""
    items = frozenset(mapped_use(place.node) for place in places if place.axis is not None)
    return tuple(use for use in inputs if use in items)


def chunk_size(places: Sequence[Place]) -> int:
    """Preferred items of a chunk; 0 where nothing is mapped."""
    if places[0].axis is None:
        return 0
    sizes = [place.node.step.batching.size for place in places if place.node.step.batching]
    if sizes:
        return max(sizes)
    return FUNCTION_CHUNK if all(place.is_plain for place in places) else MODEL_CHUNK
