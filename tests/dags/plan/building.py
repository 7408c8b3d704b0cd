"""Build graphs in a line a node, without steps: what the planner sees is data."""

from __future__ import annotations

from typing import Any

from headrace_dags.errors import Location
from headrace_dags.graph import (
    Batching,
    Const,
    Form,
    Graph,
    Input,
    Node,
    Options,
    Output,
    Port,
    PortType,
    Resources,
    StepRef,
    Use,
)

TEXT = PortType(kind="text")
JSON = PortType(kind="json", python="int", schema_digest="0" * 64)
VIDEO = PortType(kind="video", media="video/*")
IMAGE = PortType(kind="image", dtype="uint8", axes=("h", "w", "c"))
AUDIO = PortType(kind="audio", dtype="float32", axes=("t",), rate=16_000)
NO_NEEDS = Resources()
VECTOR = PortType(kind="embedding", dtype="float32", axes=("d=384",))


class Value:
    """A value of the graph that is being built."""

    def __init__(self, use: Use, port: Port) -> None:
        self.use = use
        self.port = port


class Builder:
    """A graph in the making; every call adds something and gives its value.

    A name may say the step's ports: ``gives`` is one type or a dict of types by name; ``many`` names the outputs that carry
    many items (``True``: all).
    """

    def __init__(self, name: str = "dag") -> None:
        self.name = name
        self.inputs: list[Port] = []
        self.nodes: list[Node] = []
        self.sources: dict[str, Location] = {}

    def input(self, name: str = "x", item: PortType = TEXT, *, many: bool = False) -> Value:
        port = Port(name=name, type=item, many=many)
        self.inputs.append(port)
        return Value(Use(node="", port=name), port)

    def node(
        self,
        name: str,
        *takes: Value | Any,
        gives: PortType | dict[str, PortType] = TEXT,
        many: bool | tuple[str, ...] = False,
        max_items: int | None = None,
        form: Form = "function",
        batch: int = 0,
        module: str = "steps",
        model_file: str = "",
        isolate: bool = False,
        cache: bool = False,
        timeout_s: float | None = None,
        retry: int = 0,
        tolerant: float | None = None,
        idle_s: float | None = None,
        mapped: bool = False,
        resources: Resources = NO_NEEDS,
    ) -> Any:
        """Add a node. The first of ``takes`` is the mapped one where ``mapped`` says so; what is no value is a constant."""
        inputs = tuple(_bind(f"in{place}", take, mapped and not place) for place, take in enumerate(takes))
        types = gives if isinstance(gives, dict) else {"result": gives}
        wide = tuple(types) if many is True else many or ()
        outputs = tuple(Port(name=port, type=item, many=mapped or port in wide) for port, item in types.items())
        step = StepRef(
            target=f"{module}:{name}",
            form=form,
            yields=bool(wide),
            max_items=max_items,
            batching=Batching(size=batch) if batch else None,
            batch_ports=("in0",) if batch else (),
            model_file=model_file,
            resources=resources,
        )
        self.nodes.append(
            Node(
                name=name,
                step=step,
                inputs=inputs,
                outputs=outputs,
                mapped=("in0",) if mapped else (),
                tolerant=tolerant,
                options=Options(isolate=isolate, timeout_s=timeout_s, retry=retry, idle_s=idle_s, cache=cache),
            )
        )
        self.sources[name] = Location("dag.py", 10 + len(self.nodes))
        values = [Value(Use(node=name, port=port.name), port) for port in outputs]
        return values[0] if len(values) == 1 else values

    def graph(self, *results: Value, streams: bool = False) -> Graph:
        """The graph; where it ``streams``, the items of every result that may do so leave one by one."""
        outputs = tuple(
            Output(
                port=Port(name=f"out{place}" if place else "result", type=each.port.type, many=each.port.many),
                use=each.use,
                stream=streams and self._may_stream(each.use),
            )
            for place, each in enumerate(results)
        )
        return Graph(
            name=self.name,
            target=f"steps:{self.name}",
            inputs=tuple(self.inputs),
            outputs=outputs,
            nodes=tuple(self.nodes),
            sources=self.sources,
        )

    def _may_stream(self, use: Use) -> bool:
        node = next((node for node in self.nodes if node.name == use.node), None)
        return node is not None and node.step.yields and not (node.mapped or node.step.batching or node.outputs[1:])


def _bind(name: str, take: Value | Any, mapped: bool) -> Input:
    if isinstance(take, Value):
        port = Port(name=name, type=take.port.type, many=take.port.many and not mapped)
        return Input(port=port, binding=take.use)
    return Input(port=Port(name=name, type=JSON), binding=Const(value=take))
