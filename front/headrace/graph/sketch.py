"""From a graph, and a plan where there is one, to a drawing: what is shown of each node, port and segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from headrace.graph.drawing import Box, Drawing, Group, Link, Note, Weight
from headrace_dags.graph import ON, RESULT, Const, Graph, Join, Node, Port, Use
from headrace_dags.plan.model import Plan, Segment

NOTHING: Mapping[str, Note] = MappingProxyType({})
_LONGEST_VALUE = 18


def sketch(graph: Graph, plan: Plan | None = None, notes: Mapping[str, Note] = NOTHING) -> Drawing:
    """The drawing of ``graph``.

    Args:
        graph: what is drawn.
        plan: gives the groups; without one there are none.
        notes: what a run has to say, by the name of a node or segment.
    """
    boxes = (*map(_input_box, graph.inputs), *(_node_box(node, notes) for node in graph.nodes), *_output_boxes(graph))
    links = tuple(dict.fromkeys((*_node_links(graph), *_output_links(graph))))
    groups = tuple(_group(segment, notes) for segment in plan.segments) if plan else ()
    return Drawing(graph.name, boxes, links, groups)


def short(port: Port) -> str:
    """The type of a port in a word or two: ``Image``, ``Many[Text]``, ``Timeline``."""
    kind = port.type.kind
    name = port.type.python.rpartition(":")[2] if kind == "json" else kind.capitalize()
    if port.type.media and not port.type.media.endswith("*"):
        name = port.type.media.partition("/")[2].upper()
    name = f"{name}?" if port.optional else name
    return f"Many[{name}]" if port.many else name


def _input_box(port: Port) -> Box:
    default = f" = {_shown(port.default)}" if port.has_default else ""
    return Box(f"in:{port.name}", "input", port.name, short(port) + default, str(port))


def _output_boxes(graph: Graph) -> Iterator[Box]:
    for output in graph.outputs:
        yield Box(f"out:{output.port.name}", "output", output.port.name, short(output.port), str(output.port))


def _node_box(node: Node, notes: Mapping[str, Note]) -> Box:
    tone = notes.get(node.name, Note()).tone
    if node.join:
        return Box(f"node:{node.name}", "join", node.name, " · ".join(_waits(node, node.join)), _hint(node), tone)
    return Box(f"node:{node.name}", "node", node.name, " · ".join(_traits(node)), _hint(node), tone)


def _waits(node: Node, join: Join) -> Iterator[str]:
    """What is worth knowing of a join at a glance."""
    if node.mapped:
        yield "for each"
    if join.need:
        yield f"{join.need} of {len(node.choices)}"
    if join.within_s is not None:
        yield f"within {join.within_s:g} s"


def _traits(node: Node) -> Iterator[str]:
    """What is worth knowing of a node at a glance."""
    if node.mapped:
        yield "map"
    if node.tolerant is not None:
        yield f"tolerant {node.tolerant:g}"
    if node.step.form == "field":
        yield f".{node.step.config['field']}"
    elif node.step.form != "function":
        yield "class" if node.step.form == "stateful" else "model"
    if node.step.batching:
        yield f"batch {node.step.batching.size}"
    if node.step.resources.device == "gpu":
        yield "gpu"
    if node.step.yields:
        yield "yields"
    yield from _constants(node)


def _constants(node: Node) -> Iterator[str]:
    """Inputs bound to a constant that differs from the default."""
    for each in node.inputs:
        port, binding = each.port, each.binding
        if isinstance(binding, Const) and not (port.has_default and binding.value == port.default):
            yield f"{port.name} = {_shown(binding.value)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _hint(node: Node) -> str:
    takes = ", ".join(f"{each.port.name}: {each.port}" for each in node.inputs)
    gives = ", ".join(str(port) if port.name == RESULT else f"{port.name}: {port}" for port in node.outputs)
    return f"{node.step.target}({takes}) -> {gives}"


def _node_links(graph: Graph) -> Iterator[Link]:
    for node in graph.nodes:
        for each in node.inputs:
            if isinstance(each.binding, Use):
                found = _link(graph, each.binding, f"node:{node.name}", mapped=each.port.name in node.mapped)
                yield replace(found, label=_role(node, each.port.name)) if node.join else found


def _role(node: Node, port: str) -> str:
    """What an input is to a join: what it decides by, or the key that takes it."""
    keys = node.join.keys if node.join else ()
    if port == ON or not keys:
        return port if port == ON else ""
    key = keys[[each.port.name for each in node.choices].index(port)]
    return "otherwise" if key is None else key


def _output_links(graph: Graph) -> Iterator[Link]:
    for output in graph.outputs:
        weight: Weight = "many" if output.port.many else "one"
        label = output.use.port if output.use.port not in (RESULT, output.port.name) else ""
        yield Link(_tail(output.use), f"out:{output.port.name}", label, weight)


def _link(graph: Graph, use: Use, head: str, *, mapped: bool) -> Link:
    port = graph.port(use)
    weight: Weight = "mapped" if mapped else "many" if port.many else "one"
    return Link(_tail(use), head, _label(use, port), weight)


def _label(use: Use, port: Port) -> str:
    """Inputs carry their name and type in their box; values of nodes carry them on the way."""
    if not use.node:
        return ""
    return short(port) if use.port == RESULT else f"{use.port}: {short(port)}"


def _tail(use: Use) -> str:
    return f"node:{use.node}" if use.node else f"in:{use.port}"


def _group(segment: Segment, notes: Mapping[str, Note]) -> Group:
    note = notes.get(f"segment:{segment.name}", Note())
    where = "" if segment.slice == "none" else f" on {segment.slice}"
    title = f"{segment.name}{where}"
    return Group(segment.name, title, tuple(f"node:{name}" for name in segment.nodes), note.text, note.tone)
