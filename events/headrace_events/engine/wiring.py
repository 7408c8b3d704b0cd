"""What ``decide`` needs of a plan, worked out once: who feeds whom by number, limits and retries. Pure; no state of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace_dags.graph import Node, Use
from headrace_dags.plan.model import Flow, Plan, Segment

RUN = -1
"""The origin of a value that came with the run."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the number of a segment or ``RUN``, and its place among that one's outputs or inputs."""

    segment: int
    place: int


@dataclass(frozen=True, slots=True)
class Feed:
    """An input flow of a segment, where it comes from, and whether its items are cut into chunks."""

    name: str
    origin: Origin
    mapped: bool


@dataclass(frozen=True, slots=True)
class WiredSegment:
    """One segment.

    Attributes:
        name: as in the plan.
        feeds: its input flows.
        outputs: names of its output flows, in order.
        single: for each output, whether it holds exactly one item.
        mapped: whether it runs in chunks.
        chunk: preferred items of a chunk.
        timeout_s: start-to-finish limit of one task: the sum of its nodes' timeouts, since they run one after another.
            ``None`` where they have none; the planner puts no node without one beside a node that has one.
        retries: for each node, how often its failure is retried.
        retry: how often a failure is retried whose node is unknown: the most that one of its nodes allows.
        consumers: numbers of the segments that take one of its outputs.
    """

    name: str
    feeds: tuple[Feed, ...]
    outputs: tuple[str, ...]
    single: tuple[bool, ...]
    mapped: bool
    chunk: int
    timeout_s: float | None
    retries: Mapping[str, int]
    retry: int
    consumers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """One plan.

    Attributes:
        digest: the plan's.
        deadline_s: the most seconds a run may take.
        inputs: names of the dag's inputs, in order.
        needed: numbers of the inputs that some segment or output takes.
        segments: in the plan's order.
        numbers: the number of each segment, by name.
        outputs: for each output of the dag its name and origin.
    """

    digest: str
    deadline_s: float | None
    inputs: tuple[str, ...]
    needed: tuple[int, ...]
    segments: tuple[WiredSegment, ...]
    numbers: Mapping[str, int]
    outputs: tuple[tuple[str, Origin], ...]


def wire(plan: Plan) -> Wiring:
    """Work out the wiring of ``plan``.

    Raises:
        KeyError: a segment or output takes a value that nothing gives.
    """
    origins = _origins(plan)
    outputs = tuple((each.port.name, origins[each.use]) for each in plan.graph.outputs)
    consumers = _consumers(plan, origins)
    taken = [origins[flow.use] for segment in plan.segments for flow in segment.inputs] + [each for _, each in outputs]
    return Wiring(
        digest=plan.digest,
        deadline_s=plan.graph.deadline_s,
        inputs=tuple(port.name for port in plan.graph.inputs),
        needed=tuple(sorted({origin.place for origin in taken if origin.segment == RUN})),
        segments=tuple(_wired(plan, segment, origins, tuple(consumers[n])) for n, segment in enumerate(plan.segments)),
        numbers=MappingProxyType({segment.name: number for number, segment in enumerate(plan.segments)}),
        outputs=outputs,
    )


def input_flows(plan: Plan) -> dict[str, Flow]:
    """How each input of the dag travels, by its name."""
    flows = _flows(plan)
    uses = ((port.name, Use(node="", port=port.name)) for port in plan.graph.inputs)
    return {name: flows[use] for name, use in uses if use in flows}


def output_flows(plan: Plan) -> dict[str, Flow]:
    """How each output of the dag travels, by its name."""
    flows = _flows(plan)
    return {each.port.name: flows[each.use] for each in plan.graph.outputs}


def _flows(plan: Plan) -> dict[Use, Flow]:
    """Every flow of the plan; a value has one wherever it shows."""
    inside = (flow for segment in plan.segments for flow in (*segment.inputs, *segment.outputs))
    return {flow.use: flow for flow in (*plan.inputs, *plan.outputs, *inside)}


def _origins(plan: Plan) -> dict[Use, Origin]:
    origins = {Use(node="", port=port.name): Origin(RUN, place) for place, port in enumerate(plan.graph.inputs)}
    for number, segment in enumerate(plan.segments):
        origins |= {flow.use: Origin(number, place) for place, flow in enumerate(segment.outputs)}
    return origins


def _consumers(plan: Plan, origins: Mapping[Use, Origin]) -> list[dict[int, None]]:
    """For each segment the numbers of those that take from it, in order, each once."""
    consumers: list[dict[int, None]] = [{} for _ in plan.segments]
    for number, segment in enumerate(plan.segments):
        for flow in segment.inputs:
            if (origin := origins[flow.use]).segment != RUN:
                consumers[origin.segment][number] = None
    return consumers


def _wired(plan: Plan, segment: Segment, origins: Mapping[Use, Origin], consumers: tuple[int, ...]) -> WiredSegment:
    nodes = [plan.graph.by_name[name] for name in segment.nodes]
    return WiredSegment(
        name=segment.name,
        feeds=tuple(Feed(flow.name, origins[flow.use], flow.use in segment.mapped) for flow in segment.inputs),
        outputs=tuple(flow.name for flow in segment.outputs),
        single=tuple(not flow.many for flow in segment.outputs),
        mapped=bool(segment.mapped),
        chunk=max(segment.chunk, 1),
        timeout_s=_limit_s(nodes),
        retries=MappingProxyType({node.name: node.options.retry for node in nodes}),
        retry=max((node.options.retry for node in nodes), default=0),
        consumers=consumers,
    )


def _limit_s(nodes: list[Node]) -> float | None:
    limits = [node.options.timeout_s for node in nodes if node.options.timeout_s is not None]
    return sum(limits) if limits else None
