"""What ``decide`` needs of a plan, worked out once: who feeds whom by number, limits and retries. Pure; no state of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace_dags.gates import Gate
from headrace_dags.graph import JoinKind, Node, Use
from headrace_dags.plan.model import Flow, Plan, PlannedJoin, Segment

RUN = -1
"""The origin of a value that came with the run."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the number of a segment or join, or ``RUN``, and its place among that one's values."""

    unit: int
    place: int


@dataclass(frozen=True, slots=True)
class Feed:
    """An input flow of a segment, where it comes from, and whether its items are cut into chunks."""

    name: str
    origin: Origin
    mapped: bool


@dataclass(frozen=True, slots=True)
class WiredGate:
    """When a unit is needed.

    Attributes:
        terms: where one of them holds: choices, by the join's number and the place among its choices.
        per_item: the joins that choose for each item of the unit's own axis.
    """

    terms: tuple[tuple[tuple[int, int], ...], ...]
    per_item: frozenset[int]


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
        consumers: numbers of the units that take one of its outputs, or wait for a choice that falls by one.
        gate: when it is needed; ``None``: always.
        tolerant: the least share of its items that must succeed; ``None``: every one.
        clocks: the joins whose time begins when it is given work.
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
    gate: WiredGate | None = None
    tolerant: float | None = None
    clocks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WiredJoin:
    """One join.

    Attributes:
        name: as in the plan.
        kind: which join.
        on: the value it chooses by; ``None`` where it does not choose by a value.
        per_item: whether it chooses for each item of that value.
        places: the choice that each key takes.
        otherwise: the choice that any other key takes; -1 for none.
        choices: what it may give.
        mapped: for each choice, whether the join gives its items, and not the whole.
        need: how many make a quorum.
        within_s: how long it waits.
        gate: when it is needed; ``None``: always.
        consumers: numbers of the units that take its value, or wait for a choice that falls by it.
    """

    name: str
    kind: JoinKind
    on: Origin | None
    per_item: bool
    places: Mapping[str, int]
    otherwise: int
    choices: tuple[Origin, ...]
    mapped: tuple[bool, ...]
    need: int
    within_s: float | None
    gate: WiredGate | None
    consumers: tuple[int, ...]

    def place(self, key: str | None) -> int:
        """Which choice a key takes; -1 for none. ``None`` is the key of an item that was not made."""
        return -1 if key is None else self.places.get(key, self.otherwise)


@dataclass(frozen=True, slots=True)
class Wiring:
    """One plan.

    Attributes:
        digest: the plan's.
        deadline_s: the most seconds a run may take.
        inputs: names of the dag's inputs, in order.
        needed: numbers of the inputs that some segment or output takes.
        segments: in the plan's order.
        joins: in the plan's order; their numbers come behind those of the segments.
        numbers: the number of each segment, by name.
        outputs: for each output of the dag its name and origin.
        feeders: for each segment and join the numbers of the units whose consumer it is.
        clocks: the joins whose time begins with the run.
    """

    digest: str
    deadline_s: float | None
    inputs: tuple[str, ...]
    needed: tuple[int, ...]
    segments: tuple[WiredSegment, ...]
    numbers: Mapping[str, int]
    outputs: tuple[tuple[str, Origin], ...]
    feeders: tuple[tuple[int, ...], ...]
    joins: tuple[WiredJoin, ...] = ()
    clocks: tuple[int, ...] = ()

    def join(self, number: int) -> WiredJoin:
        """The join of a number."""
        return self.joins[number - len(self.segments)]

    def unit(self, number: int) -> WiredSegment | WiredJoin:
        """The segment or join of a number."""
        return self.segments[number] if number < len(self.segments) else self.join(number)


def wire(plan: Plan) -> Wiring:
    """Work out the wiring of ``plan``.

    Raises:
        KeyError: a segment or output takes a value that nothing gives.
    """
    links = _Links(plan)
    outputs = tuple((each.port.name, links.origins[each.use]) for each in plan.graph.outputs)
    taken = [*(links.origins[use] for use in links.taken()), *(each for _, each in outputs)]
    return Wiring(
        digest=plan.digest,
        deadline_s=plan.graph.deadline_s,
        inputs=tuple(port.name for port in plan.graph.inputs),
        needed=tuple(sorted({origin.place for origin in taken if origin.unit == RUN})),
        segments=tuple(_wired(plan, number, segment, links) for number, segment in enumerate(plan.segments)),
        numbers=MappingProxyType({segment.name: number for number, segment in enumerate(plan.segments)}),
        outputs=outputs,
        feeders=tuple(map(tuple, links.feeders)),
        joins=tuple(_wired_join(links.numbers[join.name], join, links) for join in plan.joins),
        clocks=links.clocks(RUN),
    )


class _Links:
    """Who feeds whom in a plan, by number."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.numbers = {join.name: len(plan.segments) + place for place, join in enumerate(plan.joins)}
        self.origins = origins(plan)
        units = len(plan.segments) + len(plan.joins)
        self.consumers: list[dict[int, None]] = [{} for _ in range(units)]
        self.feeders: list[dict[int, None]] = [{} for _ in range(units)]
        on = {join.name: join.on for join in plan.joins}
        for number, segment in enumerate(plan.segments):
            self._note(number, [flow.use for flow in segment.inputs], segment.gate, on)
        for join in plan.joins:
            uses = [each.use for each in join.choices] + ([join.on] if join.on else [])
            self._note(self.numbers[join.name], uses, join.gate, on)
        self._makers = {join.name: self._made_by(join) for join in plan.joins if join.within_s is not None}

    def _note(self, number: int, uses: Iterable[Use], gate: Gate | None, on: Mapping[str, Use | None]) -> None:
        deciding = [on[name] for term in (gate.terms if gate else ()) for name, _ in term]
        for use in (*uses, *deciding):
            if use and (origin := self.origins[use]).unit != RUN:
                self.consumers[origin.unit][number] = None
                self.feeders[number][origin.unit] = None

    def _made_by(self, join: PlannedJoin) -> frozenset[int]:
        """The segments whose work makes the values of a join, through other joins; ``RUN`` for inputs of the run."""
        found: set[int] = set()
        for each in join.choices:
            unit = self.origins[each.use].unit
            inner = unit - len(self.plan.segments)
            found |= self._made_by(self.plan.joins[inner]) if inner >= 0 else {unit}
        return frozenset(found)

    def clocks(self, unit: int) -> tuple[int, ...]:
        """The joins whose time begins when a segment is given work, or with the run."""
        return tuple(self.numbers[name] for name, makers in self._makers.items() if unit in makers)

    def taken(self) -> Iterator[Use]:
        """The values that segments and joins take."""
        yield from (flow.use for segment in self.plan.segments for flow in segment.inputs)
        for join in self.plan.joins:
            yield from (each.use for each in join.choices)
            yield from (join.on,) if join.on else ()

    def gate(self, gate: Gate | None) -> WiredGate | None:
        """A gate by numbers."""
        if gate is None:
            return None
        terms = tuple(tuple((self.numbers[name], self._place(name, key)) for name, key in term) for term in gate.terms)
        return WiredGate(terms, frozenset(self.numbers[name] for name in gate.per_item))

    def _place(self, name: str, key: str | None) -> int:
        join = self.plan.joins[self.numbers[name] - len(self.plan.segments)]
        return next(place for place, each in enumerate(join.choices) if each.key == key)


def input_flows(plan: Plan) -> dict[str, Flow]:
    """How each input of the dag travels, by its name."""
    flows = flows_of(plan)
    uses = ((port.name, Use(node="", port=port.name)) for port in plan.graph.inputs)
    return {name: flows[use] for name, use in uses if use in flows}


def output_flows(plan: Plan) -> dict[str, Flow]:
    """How each output of the dag travels, by its name."""
    flows = flows_of(plan)
    return {each.port.name: flows[each.use] for each in plan.graph.outputs}


def flows_of(plan: Plan) -> dict[Use, Flow]:
    """How each value travels; it has one flow wherever it shows."""
    inside = (flow for segment in plan.segments for flow in (*segment.inputs, *segment.outputs))
    joined = (join.output for join in plan.joins)
    return {flow.use: flow for flow in (*plan.inputs, *plan.outputs, *inside, *joined)}


def origins(plan: Plan) -> dict[Use, Origin]:
    """Where each value comes from that travels between segments."""
    found = {Use(node="", port=port.name): Origin(RUN, place) for place, port in enumerate(plan.graph.inputs)}
    for number, segment in enumerate(plan.segments):
        found |= {flow.use: Origin(number, place) for place, flow in enumerate(segment.outputs)}
    joins = enumerate(plan.joins, len(plan.segments))
    return found | {join.output.use: Origin(number, 0) for number, join in joins}


def _wired(plan: Plan, number: int, segment: Segment, links: _Links) -> WiredSegment:
    nodes = [plan.graph.by_name[name] for name in segment.nodes]
    return WiredSegment(
        name=segment.name,
        feeds=tuple(Feed(flow.name, links.origins[flow.use], flow.use in segment.mapped) for flow in segment.inputs),
        outputs=tuple(flow.name for flow in segment.outputs),
        single=tuple(not flow.many for flow in segment.outputs),
        mapped=bool(segment.mapped),
        chunk=max(segment.chunk, 1),
        timeout_s=_limit_s(nodes),
        retries=MappingProxyType({node.name: node.options.retry for node in nodes}),
        retry=max((node.options.retry for node in nodes), default=0),
        consumers=tuple(links.consumers[number]),
        gate=links.gate(segment.gate),
        tolerant=segment.tolerant,
        clocks=links.clocks(number),
    )


def _wired_join(number: int, join: PlannedJoin, links: _Links) -> WiredJoin:
    keys = [each.key for each in join.choices]
    decides = join.on is not None
    return WiredJoin(
        name=join.name,
        kind=join.kind,
        on=links.origins[join.on] if join.on else None,
        per_item=join.per_item,
        places=MappingProxyType({key: place for place, key in enumerate(keys) if key is not None}),
        otherwise=keys.index(None) if decides and None in keys else -1,
        choices=tuple(links.origins[each.use] for each in join.choices),
        mapped=tuple(each.mapped for each in join.choices),
        need=join.need,
        within_s=join.within_s,
        gate=links.gate(join.gate),
        consumers=tuple(links.consumers[number]),
    )


def _limit_s(nodes: list[Node]) -> float | None:
    limits = [node.options.timeout_s for node in nodes if node.options.timeout_s is not None]
    return sum(limits) if limits else None
