"""From a graph, and a plan where there is one, to a drawing: what is shown of each node, port and segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from headrace.graph.drawing import Box, Drawing, Group, Link, Note, Weight
from headrace_dags.graph import ON, RESULT, Const, Graph, Join, Node, Port, PortType, Use
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
    """The type of a port in a word or two: ``Image``, ``Many[Text]``, ``Timeline``, ``Text?`` where it may be missing."""
    name = _short_type(port.type)
    if port.optional:
        name = f"({name})?" if " | " in name else f"{name}?"
    return f"Many[{name}]" if port.many else name


def _short_type(of: PortType) -> str:
    if of.members:
        return " | ".join(map(_short_type, of.members))
    if of.media and not of.media.endswith("*"):
        return of.media.partition("/")[2].upper()
    return of.python.rpartition(":")[2] if of.kind == "json" else of.kind.capitalize()


def _input_box(port: Port) -> Box:
    default = f" = {_shown(port.default)}" if port.has_default else ""
    return Box(f"in:{port.name}", "input", port.name, short(port) + default, str(port))


def _output_boxes(graph: Graph) -> Iterator[Box]:
    for output in graph.outputs:
        kind = f"{short(output.port)} · stream" if output.stream else short(output.port)
        yield Box(f"out:{output.port.name}", "output", output.port.name, kind, str(output.port))


def _node_box(node: Node, notes: Mapping[str, Note]) -> Box:
    tone = notes.get(node.name, Note()).tone
    if node.join:
        return Box(f"node:{node.name}", "join", node.name, " · ".join(_waits(node, node.join)), _hint(node), tone)
    return Box(f"node:{node.name}", "node", node.name, " · ".join(_traits(node)), _hint(node), tone)


def _waits(node: Node, join: Join) -> Iterator[str]:
    """What is worth knowing of a join at a glance: its kind, where its name does not say it, and what it waits for."""
    if node.name != join.kind:
        yield join.kind
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
        yield {"stateful": "class", "remote": "remote"}.get(node.step.form, "model")
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
        if node.join:
            yield from _join_links(node, node.join)
            continue
        for each in node.inputs:
            if isinstance(each.binding, Use):
                yield _link(graph, each.binding, f"node:{node.name}", mapped=each.port.name in node.mapped)


def _join_links(node: Node, join: Join) -> Iterator[Link]:
    """One line a value, with all that the value is to the join: what it decides by, the keys that take it."""
    roles: dict[tuple[str, Weight], list[str]] = {}
    keys = dict(zip((each.port.name for each in node.choices), join.keys, strict=False))
    for each in node.inputs:
        if isinstance(each.binding, Use):
            name = each.port.name
            weight: Weight = "mapped" if name in node.mapped else "many" if each.port.many else "one"
            roles.setdefault((_tail(each.binding), weight), []).append(_role(name, keys))
    for (tail, weight), names in roles.items():
        yield Link(tail, f"node:{node.name}", ", ".join(filter(None, names)), weight)


def _role(port: str, keys: Mapping[str, str | None]) -> str:
    if port == ON or port not in keys:
        return ON if port == ON else ""
    key = keys[port]
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
    title = f"{segment.name}{where}{' · mapper' if segment.mapper else ''}"
    return Group(segment.name, title, tuple(f"node:{name}" for name in segment.nodes), note.text, note.tone)
