"""Where the inputs of a node come from: what a run recorded, and the nodes to run first where it recorded nothing.

Values are recorded where they cross the log. Inside a segment they are not: there the nodes before are run again, from what
the segment took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.cli.telling import no_node
from headrace_dags.axes import mapped_uses
from headrace_dags.errors import BadInput, Problem
from headrace_dags.graph import Graph, Node, Port, Use
from headrace_dags.plan.model import Flow
from headrace_events.engine.events import Piece
from headrace_events.engine.known import Known
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.wiring import flows_of


@dataclass(frozen=True, slots=True)
class Found:
    """A recorded value: how it travels and where its items lie."""

    flow: Flow
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """What it takes to run a node.

    Attributes:
        node: which one.
        before: nodes to run first, in order.
        recorded: the values that these and the node take from the record.
    """

    node: Node
    before: tuple[Node, ...]
    recorded: Mapping[Use, Found]


def along(needed: Supply) -> frozenset[str]:
    """The nodes that may run on one item where the node itself is to: those that hand it that item and nothing else."""
    nodes = {each.name: each for each in (*needed.before, needed.node)}
    found = {needed.node.name}
    node: Node | None = needed.node
    while node and node.mapped:
        fed = next(iter(mapped_uses(node)), None) if len(node.mapped) == 1 else None
        node = nodes.get(fed.node) if fed else None
        if node and node.mapped and all(_takes_an_item(each, node.name) for each in nodes.values()):
            found.add(node.name)
        else:
            break
    return frozenset(found)


def _takes_an_item(node: Node, producer: str) -> bool:
    """Whether whatever ``node`` takes of ``producer`` comes item by item."""
    return all(
        each.port.name in node.mapped
        for each in node.inputs
        if isinstance(each.binding, Use) and each.binding.node == producer
    )


def node_of(graph: Graph, name: str) -> Node:
    """The node ``name``.

    Raises:
        BadInput: the dag has none of that name.
    """
    if name in graph.by_name:
        return graph.by_name[name]
    raise no_node("--step", name, graph.by_name, graph.name)


def supply(graph: Graph, node: Node, record: RunRecord) -> Supply:
    """Where what ``node`` takes comes from.

    Raises:
        BadInput: a value was not recorded, or is of another type by now; with every such value.
    """
    known, homes = Known(record), record.plan.homes
    recorded: dict[Use, Found] = {}
    before: set[str] = set()
    problems: dict[Use, Problem] = {}
    waiting = list(node.uses())
    while waiting:
        use = waiting.pop()
        if (found := _found(use, node, record, known, homes)) and _fits(found.flow, graph.port(use)):
            recorded[use] = found
        elif found:
            problems[use] = _changed(use, found.flow, graph.port(use), record)
        elif use.node and homes.get(use.node, "") == homes.get(node.name) and use.node not in before:
            before.add(use.node)
            waiting += graph.by_name[use.node].uses()
        elif use.node not in before:
            problems[use] = _missing(use, node, record)
    if problems:
        raise BadInput(problems.values())
    return Supply(node, tuple(each for each in graph.nodes if each.name in before), recorded)


def _found(use: Use, node: Node, record: RunRecord, known: Known, homes: Mapping[str, str]) -> Found | None:
    """A value that the record holds; of one that ``node`` takes item by item those items that it was given."""
    pieces = known.pieces(use, homes.get(node.name, "") if use in mapped_uses(node) else "")
    flow = flows_of(record.plan).get(use)
    return Found(flow, pieces) if flow and pieces is not None else None


def _fits(flow: Flow, port: Port) -> bool:
    """Whether a recorded value can be read as what the dag declares now; JSON tells when it is read."""
    kind, now = flow.type, port.type
    return (kind.kind, kind.media, kind.dtype, kind.axes, flow.many) == (
        now.kind,
        now.media,
        now.dtype,
        now.axes,
        port.many,
    )


def _changed(use: Use, flow: Flow, port: Port, record: RunRecord) -> Problem:
    recorded = f"Many[{flow.type}]" if flow.many else str(flow.type)
    return Problem(
        "record-changed", str(use), f"is {port} now", f"{recorded} from run {record.run}", "Run the dag again"
    )


def _missing(use: Use, node: Node, record: RunRecord) -> Problem:
    expected = f"was recorded in run {record.run}, and {node.name} takes it"
    if not use.node or use.node not in record.plan.graph.by_name:
        return Problem("not-recorded", str(use), expected, "a dag that had none then", "Run the dag again")
    write = f"Write --step {use.node} to see why, or name a run that came further"
    return Problem("not-recorded", str(use), expected, f"a run that ended before {use.node} had given it", write)
