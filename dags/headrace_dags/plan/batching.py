"""Which models may batch the requests of several runs: where every value comes per item. Pure."""

from __future__ import annotations

from headrace_dags.graph import Batching, Input, Node, Use
from headrace_dags.plan.cuts import Place


def batching_of(places: tuple[Place, ...]) -> Batching | None:
    """How a model's requests may be batched across runs.

    Only where it holds one batched node and every value that is not a constant comes per item: a value for all items of a
    chunk is another one in another run.
    """
    if len(places) != 1:
        return None
    fed = fed_inputs(places[0].node)
    return places[0].node.step.batching if fed and not any(shared(places[0], each) for each in fed) else None


def fed_inputs(node: Node) -> tuple[Input, ...]:
    """The inputs that are fed by values, constants left out."""
    return tuple(each for each in node.inputs if isinstance(each.binding, Use))


def shared(place: Place, given: Input) -> bool:
    """Whether an input holds one value for all items of a call, so that calls of two runs cannot be made one."""
    name, ports = given.port.name, place.node.step.batch_ports
    if ports and name not in ports:
        return True
    if place.axis is not None:
        return name != place.node.mapped
    return given.port.many or bool(place.node.mapped)
