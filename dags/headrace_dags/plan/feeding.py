"""How models are fed: which values come in chunks, how large a chunk is, and whose requests may be batched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace_dags.axes import mapped_uses
from headrace_dags.graph import Batching, Input, Node, Use
from headrace_dags.plan.cuts import Place

FUNCTION_CHUNK = 16
"""Items of a chunk that only functions handle: enough to make a task worth its way."""
MODEL_CHUNK = 1
"""Items of a chunk for a model that takes one item at a time: it gains nothing from more, and one slow item delays no other."""


def mapped_inputs(places: Iterable[Place], inputs: Sequence[Use]) -> tuple[Use, ...]:
    """The values among ``inputs`` whose items are cut into chunks, for a segment of ``places``."""
    items = frozenset(use for place in places if place.axis is not None for use in mapped_uses(place.node))
    return tuple(use for use in inputs if use in items)


def chunk_size(places: Sequence[Place]) -> int:
    """Preferred items of a chunk; 0 where nothing is mapped."""
    if places[0].axis is None:
        return 0
    sizes = [place.node.step.batching.size for place in places if place.node.step.batching]
    if sizes:
        return max(sizes)
    return FUNCTION_CHUNK if all(place.is_plain for place in places) else MODEL_CHUNK


def batching_of(places: tuple[Place, ...]) -> Batching | None:
    """How a model's requests may be batched across runs.

    Only where it holds one batched node and every value that is not a constant comes per item: a value for all items of a
    chunk is another one in another run.
    """
    if len(places) != 1:
        return None
    fed = _fed_inputs(places[0].node)
    return places[0].node.step.batching if fed and not any(_shared(places[0], each) for each in fed) else None


def _fed_inputs(node: Node) -> tuple[Input, ...]:
    """The inputs that are fed by values, constants left out."""
    return tuple(each for each in node.inputs if isinstance(each.binding, Use))


def _shared(place: Place, given: Input) -> bool:
    """Whether an input holds one value for all items of a call, so that calls of two runs cannot be made one."""
    name, ports = given.port.name, place.node.step.batch_ports
    if ports and name not in ports:
        return True
    if place.axis is not None:
        return name not in place.node.mapped
    return given.port.many or bool(place.node.mapped)
