"""A plan as text that a person reads: what runs together, how it is fed, and why each cut was made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from headrace_dags.gates import Gate
from headrace_dags.graph import Input, Node, Use
from headrace_dags.plan.model import Flow, Mapper, Member, Plan, PlannedJoin, Reason, Segment

Row = tuple[str, ...]


def explain(plan: Plan) -> str:
    """The plan as plain text, ending with a newline."""
    blocks = [_head(plan), _segments(plan), _joins(plan), _values(plan), _cuts(plan), _notes(plan)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _segment_rows(plan: Plan) -> Iterator[Row]:
    """One row a model: segment, slice, how it is fed, model, nodes, batching; what repeats is left empty.

    A mapper has one for what it runs itself, then one for each model that it calls.
    """
    for segment in plan.segments:
        where = "remote" if segment.is_remote else segment.slice
        for place, (fed, name, nodes, batches) in enumerate(_model_rows(plan, segment)):
            yield (segment.name, where, fed, name, nodes, batches) if not place else ("", "", fed, name, nodes, batches)


def _model_rows(plan: Plan, segment: Segment) -> Iterator[Row]:
    feeding = _feeding(segment)
    for station in segment.stations:
        if isinstance(station, Mapper):
            yield (feeding, station.name, _run_by(station, segment), "-")
            yield from _call_rows(plan, station, segment)
        else:
            yield (feeding, station.name, " ".join(station.nodes), _batching(plan, station))
        feeding = ""


def _run_by(mapper: Mapper, segment: Segment) -> str:
    """The nodes that a mapper runs in its own process."""
    return " ".join(node for member in segment.members if member.name in mapper.inline for node in member.nodes) or "-"


def _call_rows(plan: Plan, mapper: Mapper, segment: Segment) -> Iterator[Row]:
    """One row a model that a mapper calls, and for how many items at a time."""
    members = {member.name: member for member in segment.members}
    for call in mapper.calls:
        fed = f"{mapper.name}, {call.chunk} at a time"
        for name in call.members:
            yield (fed, name, " ".join(members[name].nodes), _batching(plan, members[name]))
            fed = ""


def _reason_rows(plan: Plan) -> Iterator[Row]:
    """One row a cut: between whom, across what, the rule, the reason."""
    return (_reason(each) for each in plan.reasons)


def _remarks(plan: Plan) -> Iterator[str]:
    """What a reader might not expect of this plan."""
    for segment in plan.segments:
        if segment.stream:
            node = segment.outputs[0].use.node
            idle, ahead = segment.stream.idle_s, segment.stream.ahead
            yield f"{node} leaves as a stream: at most {ahead} items ahead of who takes them, {idle:g} s for the next one."
        if plan.target.kind == "local" and segment.resources.device == "gpu":
            yield f"{segment.name} asks for a GPU: on this machine it runs wherever its steps put it."
        for member in segment.members:
            if text := _elsewhere(plan, member) or _unbatched(plan, member):
                yield text
    yield from cached_secrets(plan)


def _elsewhere(plan: Plan, member: Member) -> str:
    """Where a model that no server of ours holds is called."""
    remote = plan.graph.by_name[member.nodes[0]].step.remote
    return f"{member.name} calls {remote.url}: nothing here serves it." if remote else ""


def _head(plan: Plan) -> str:
    where = plan.target.platform or plan.target.kind
    counts = f"{_count(len(plan.graph.nodes), 'node')} in {_count(len(plan.segments), 'segment')}"
    hops = sum(reason.hop and bool(reason.producer) for reason in plan.reasons)
    return f"{plan.graph.name} on {where}: {counts}, {_count(hops, 'hop')}"


def _segments(plan: Plan) -> str:
    return _table(("SEGMENT", "SLICE", "FED", "MODEL", "NODES, IN ORDER", "BATCHES"), _segment_rows(plan))


def _joins(plan: Plan) -> str:
    """The joins that are decided between segments."""
    return _table(("JOIN", "KIND", "DECIDES BY", "CHOICES", "NEEDED"), (_join(plan, join) for join in plan.joins))


def _join(plan: Plan, join: PlannedJoin) -> Row:
    return (join.name, join.kind, decides_by(join), chooses_from(plan, join), needed(join.gate) or "always")


def decides_by(join: PlannedJoin) -> str:
    """What a join that the engine decides goes by."""
    if join.on:
        return f"{join.on}, for each item" if join.per_item else str(join.on)
    within = f" within {join.within_s:g} s" if join.within_s is not None else ""
    if join.kind == "quorum":
        return f"the first {join.need} that are there{within}"
    return f"{'what is there first' if join.kind == 'first' else 'whether it is there'}{within}"


def chooses_from(plan: Plan, join: PlannedJoin) -> str:
    """What a join that the engine decides may give; one that decides by a value says which key takes what."""
    node = plan.graph.by_name[join.name]
    total = node.join is None or node.join.total
    found = [f"{_key(each.key)}: {each.use}" if join.on else str(each.use) for each in join.choices]
    return ", ".join([*found, "otherwise: nothing"] if join.on and not total else found)


def _key(key: str | None) -> str:
    return "otherwise" if key is None else key


def needed(gate: Gate | None) -> str:
    """Where choices must fall for a segment to run, or a join to be decided; empty: always."""
    if gate is None:
        return ""
    keys: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
    for *outer, (join, key) in gate.terms:
        keys.setdefault((*outer, (join, None)), []).append(_key(key))
    return f"where {' or '.join(_term(*each) for each in keys.items())}"


def _term(takes: tuple[tuple[str, str | None], ...], last: Sequence[str]) -> str:
    """Choices that must fall together; of the last one any of several keys."""
    *outer, (join, _) = takes
    return " and ".join([*(f"{name} takes {_key(key)}" for name, key in outer), f"{join} takes {' or '.join(last)}"])


def _values(plan: Plan) -> str:
    """The values that cross the log, and how they travel."""
    inside = (flow for segment in plan.segments for flow in (*segment.inputs, *segment.outputs))
    flows = {flow.name: flow for flow in (*inside, *(join.output for join in plan.joins))}
    return _table(("VALUE", "TYPE", "TRAVELS AS"), (_value(plan, flow) for flow in flows.values()))


def _cuts(plan: Plan) -> str:
    if not plan.segments:
        return "There is nothing to run: every output is one of the inputs."
    if not plan.reasons:
        return "Nothing is cut: everything runs in one process."
    return _table(("BETWEEN", "CUT", "RULE", "BECAUSE"), _reason_rows(plan))


def _notes(plan: Plan) -> str:
    return "\n".join(f"Note: {note}" for note in _remarks(plan))


def _feeding(segment: Segment) -> str:
    items = f"{' '.join(map(str, segment.mapped))}, {segment.chunk} at a time" if segment.mapped else "once a run"
    facts = (items, "by stream" if segment.stream else "", "cached" if segment.cached else "")
    fed = ", ".join(filter(None, facts))
    return "; ".join(filter(None, (fed, needed(segment.gate))))


def _batching(plan: Plan, member: Member) -> str:
    if member.batching:
        wait = f", waits {member.batching.wait_us / 1000:g} ms" if member.batching.wait_us else ""
        return f"up to {member.batching.size} across runs{wait}"
    sizes = [node.step.batching.size for node in _nodes(plan, member) if node.step.batching]
    return f"up to {sizes[0]} within a call" if sizes else "-"


def _unbatched(plan: Plan, member: Member) -> str:
    node = next((node for node in _nodes(plan, member) if node.step.batching), None)
    if node is None or member.batching:
        return ""
    shared = " and ".join(str(each.binding) for each in node.inputs if _is_shared(node, each))
    why = f"{shared} may differ from run to run" if shared else "one call holds all its items"
    return f"{node.name} is batched within a call, not across runs: {why}."


def cached_secrets(plan: Plan) -> Iterator[str]:
    """What a person must know where results are kept of steps that read secrets, whose values are in no key."""
    for segment in plan.segments:
        nodes = (plan.graph.by_name[name] for name in segment.nodes)
        secrets = sorted({ref.secret for node in nodes for ref in node.step.secrets.values()})
        if segment.cached and secrets:
            named = " and ".join(secrets)
            yield f"{segment.name} is cached and reads {named}: with another value of that it gives what it gave before."


def _is_shared(node: Node, given: Input) -> bool:
    """Whether an input gives one value to all items of a call."""
    if not isinstance(given.binding, Use) or given.port.name in node.mapped:
        return False
    ports = node.step.batch_ports
    return bool(node.mapped) or given.port.many or bool(ports and given.port.name not in ports)


def _nodes(plan: Plan, member: Member) -> Sequence[Node]:
    return [plan.graph.by_name[name] for name in member.nodes]


def _value(plan: Plan, flow: Flow) -> Row:
    return (str(flow.use), str(plan.graph.port(flow.use)), flow.wire)


def _reason(reason: Reason) -> Row:
    between = f"{reason.producer or 'the run'} -> {reason.consumer}"
    return (between, "hop" if reason.hop else "model", reason.code, reason.text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _table(head: Row, rows: Iterable[Row]) -> str:
    """Columns of text, each as wide as its longest cell; empty where there are no rows."""
    body = list(rows)
    if not body:
        return ""
    widths = [max(len(row[column]) for row in (head, *body)) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *body))
    return "\n".join(line.rstrip() for line in lines)
