"""Small plans by hand: one node a segment, values named ``port`` (of the run) or ``segment.port``."""

from dataclasses import dataclass

from headrace_dags.graph import Batching, Graph, Input, Node, Options, Output, Port, PortType, StepRef, Use
from headrace_dags.plan.model import Flow, Member, Plan, Segment, Streaming, Target

TEXT = PortType(kind="text")


@dataclass(frozen=True)
class Part:
    """A segment: what it takes whole, what it is mapped over, what it gives (a name that ends with * is a Many)."""

    name: str
    takes: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    gives: tuple[str, ...] = ("out",)
    chunk: int = 2
    retry: int = 0
    timeout_s: float | None = None
    batch: int = 0
    streams: bool = False


def use(value: str) -> Use:
    node, _, port = value.rpartition(".")
    return Use(node=node, port=port)


def plan_of(inputs: str, parts: list[Part], outputs: str, *, deadline_s: float | None = None) -> Plan:
    """``inputs`` and ``outputs`` are names separated by spaces; inputs that end with * are Many."""
    flows = {use(name.strip("*")): flow(name.strip("*"), many=name.endswith("*")) for name in inputs.split()}
    segments: list[Segment] = []
    nodes: list[Node] = []
    for part in parts:
        gives = [
            flow(f"{part.name}.{name.strip('*')}", many=name.endswith("*") or bool(part.maps)) for name in part.gives
        ]
        takes = [flows[use(value)] for value in (*part.maps, *part.takes)]
        flows |= {each.use: each for each in gives}
        segments.append(segment(part, takes, gives))
        nodes.append(node(part, takes, gives))
    graph = Graph(
        name="small",
        target="m:small",
        inputs=tuple(port(name.strip("*"), many=name.endswith("*")) for name in inputs.split()),
        outputs=tuple(
            Output(port=port(name.replace(".", "_"), many=flows[use(name)].many), use=use(name))
            for name in outputs.split()
        ),
        nodes=tuple(nodes),
        deadline_s=deadline_s,
    )
    return Plan(
        graph=graph,
        target=Target(kind="local"),
        segments=tuple(segments),
        inputs=tuple(flows[use(each.name)] for each in graph.inputs),
        outputs=tuple(flows[each.use] for each in graph.outputs),
    )


def port(name: str, *, many: bool) -> Port:
    return Port(name=name, type=TEXT, many=many)


def flow(value: str, *, many: bool) -> Flow:
    return Flow(name=value.replace(".", "_"), use=use(value), type=TEXT, many=many, wire="text")


def segment(part: Part, takes: list[Flow], gives: list[Flow]) -> Segment:
    batching = Batching(size=part.batch) if part.batch else None
    member = Member(name=part.name, nodes=(part.name,), inputs=tuple(takes), outputs=tuple(gives), batching=batching)
    if part.streams:
        member = member.model_copy(update={"stream": Streaming()})
    return Segment(
        name=part.name,
        members=(member,),
        inputs=tuple(takes),
        outputs=tuple(gives),
        mapped=tuple(use(value) for value in part.maps),
        chunk=part.chunk if part.maps else 0,
    )


def node(part: Part, takes: list[Flow], gives: list[Flow]) -> Node:
    return Node(
        name=part.name,
        step=StepRef(target=f"m:{part.name}"),
        inputs=tuple(Input(port=port(f"in{n}", many=each.many), binding=each.use) for n, each in enumerate(takes)),
        outputs=tuple(port(each.use.port, many=each.many) for each in gives),
        mapped=("in0",) if part.maps else (),
        options=Options(retry=part.retry, timeout_s=part.timeout_s),
    )
