"""The plan as data: one per target; its digest is its version. Made by ``planner``, read by everything that serves."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from headrace_dags.gates import Gate
from headrace_dags.graph import Batching, Graph, JoinKind, PortType, Resources, Use
from headrace_dags.plan.ingredients import Ingredients
from headrace_dags.record import Record, digest

FORMAT: Literal["plan/2"] = "plan/2"

Wire = Literal["text", "json", "handle", "tensor", "npy", "png"]
"""How the items of one value travel as an OIP tensor. Every tensor has the items on its first axis (one item: size 1).

============  ========  ==================  ==================================================================
wire          datatype  shape               one item
============  ========  ==================  ==================================================================
``text``      BYTES     [items, 1]          UTF-8
``json``      BYTES     [items, 1]          JSON, UTF-8
``handle``    BYTES     [items, 1]          JSON reference of an object (``headrace_serving.objects.Reference``)
``tensor``    by dtype  [items, *axes]      the array itself; all items have one shape
``npy``       BYTES     [items, 1]          the array in numpy's npy format: ragged items
``png``       BYTES     [items, 1]          a lossless PNG, or a JSON reference of one: ragged images that cross a hop
============  ========  ==================  ==================================================================

Items of an optional flow, which is never a ``tensor``, have one byte before that: 1 where the item is there. 0 stands for
an item that is missing, 2 for one that was lost; behind it lies the failure as JSON.
"""


IDLE_S = 30.0
"""How long a stream may take for its next item where nothing is said."""

AHEAD = 16
"""How many items of a stream are made ahead of the one who takes them."""


class Streaming(Record):
    """How the items of a model leave that has a stream for its only output: one by one, as they are made.

    Attributes:
        idle_s: the most seconds that the next item may take.
        ahead: the most items that are made and that nobody has taken yet.
    """

    idle_s: float = IDLE_S
    ahead: int = Field(default=AHEAD, ge=1)


class Flow(Record):
    """A value of the graph where it crosses the border of a segment or a model.

    Attributes:
        name: the tensor's name: ``<node>.<port>`` of the value with ``.`` and other signs made ``_``; unique in the plan.
        use: the value.
        type: what one item is.
        many: whether it carries many items.
        wire: how items travel.
        optional: whether items may be missing.
        decides: whether the engine chooses by it, and is told its items as keys.
    """

    name: str
    use: Use
    type: PortType
    many: bool
    wire: Wire
    optional: bool = False
    decides: bool = False


class Member(Record):
    """One Triton model of a segment: nodes that run inline, in order, in one process.

    Attributes:
        name: unique in the plan; its model on a server is ``Segment.model_of``.
        nodes: names of the nodes, in topological order.
        inputs: values it takes; constants are not among them.
        outputs: values it gives to others.
        batching: set where requests may be batched across runs (one batched node, all its inputs per item).
        gates: when those of its nodes run that only a branch inside it needs, by the node's name.
        stream: set where its only output leaves item by item: it is decoupled and called by stream.
    """

    name: str
    nodes: tuple[str, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    batching: Batching | None = None
    gates: dict[str, Gate] = {}
    stream: Streaming | None = None


class Reason(Record):
    """Why nodes are apart: the cut between ``producer`` and ``consumer`` and the rule that made it.

    Attributes:
        code: name of the cut rule, e.g. ``isolate``.
        producer: node whose value crosses; empty for an input of the dag.
        consumer: node that takes it.
        text: the reason, one clause.
        hop: whether the value crosses the log (else it only crosses from model to model inside an ensemble).
    """

    code: str
    producer: str
    consumer: str
    text: str
    hop: bool


class Call(Record):
    """What a mapper calls for the items of an axis: a model of its own, or an ensemble of several.

    Attributes:
        name: unique in the plan; of a single member that member's name.
        members: names of the members, in order.
        inputs: values it takes.
        outputs: values it gives, all of them per item of the axis.
        mapped: uses among ``inputs`` whose items are divided among calls; the others go whole to each call.
        chunk: most items of a call.
    """

    name: str
    members: tuple[str, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    mapped: tuple[Use, ...]
    chunk: int


class Mapper(Record):
    """A model that runs members in its own process and calls others for the items of bounded axes, several calls at a time.

    Attributes:
        name: unique in the plan; its model on a server is ``Segment.mapper_model``.
        inline: names of the members that run in its process, in order; these have no models of their own.
        calls: what it calls.
        inputs: values it takes.
        outputs: values it gives.
    """

    name: str
    inline: tuple[str, ...]
    calls: tuple[Call, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]


Lowering = Literal["inline", "ensemble", "mapper"]


class Segment(Record):
    """Nodes that are served together: one OIP model on one server on one kind of slice.

    Attributes:
        name: unique in the plan; matches ``[a-z0-9-]+``.
        members: its models; one with ``inline``, several with ``ensemble`` and ``mapper``.
        inputs: values it takes from the log.
        outputs: values it gives to the log.
        lowering: how its members are put together; with ``mapper`` the mapper is what is called for the segment, while in
            an ensemble it is one of the models.
        mapper: runs some members and calls others, where an axis lies wholly inside the segment.
        mapped: uses among ``inputs`` whose items are cut into chunks, one task each; empty: one task a run. All outputs
            of a segment with mapped inputs are per item of that axis.
        chunk: preferred items of a chunk; 0 where nothing is mapped.
        resources: what one instance needs: nodes of a member run in turn, so the largest of them counts; members are
            loaded side by side, so their sum does.
        slice: the slice it runs on; ``none`` without a GPU.
        gate: when it runs, where that lies with joins of the engine; ``None``: always. Of a segment with mapped inputs
            joins may choose for each item: its axis then holds the chosen items only, in order.
        tolerant: the least share of its items that must succeed; ``None``: every one.
        cached: whether its results are kept across runs, under its digest and its inputs; of mapped inputs for each item.
        concurrency: of an endpoint elsewhere, how many requests are on their way at once; 0 where a server of ours holds it.
        digest: content hash of all that can change what it does.
    """

    name: str
    members: tuple[Member, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    lowering: Lowering = "inline"
    mapper: Mapper | None = None
    mapped: tuple[Use, ...] = ()
    chunk: int = 0
    resources: Resources = Resources()
    slice: str = "none"
    gate: Gate | None = None
    tolerant: float | None = None
    cached: bool = False
    concurrency: int = 0
    digest: str = ""

    @property
    def is_remote(self) -> bool:
        """Whether it is an endpoint elsewhere: it is called by its step's own client."""
        return self.concurrency > 0

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of its nodes, in topological order within each member."""
        return tuple(node for member in self.members for node in member.nodes)

    @property
    def stream(self) -> Streaming | None:
        """Set where its only output leaves item by item; it has one model then."""
        return self.members[0].stream

    @property
    def model(self) -> str:
        """Name of the OIP model that is called for this segment: name and digest, so that versions stand side by side."""
        return f"{self.name}-{self.digest[:12]}"

    def model_of(self, member: Member) -> str:
        """Name of a member's own model; the only member of an inline segment is the segment's model."""
        return self.model if self.lowering == "inline" else f"{self.model}-{member.name}"

    @property
    def mapper_model(self) -> str:
        """Name of the mapper's model: the segment's, unless an ensemble stands before it; empty without a mapper."""
        if self.mapper is None:
            return ""
        return self.model if self.lowering == "mapper" else f"{self.model}-{self.mapper.name}"

    def model_of_call(self, call: Call) -> str:
        """Name of the model or ensemble that a mapper calls."""
        return f"{self.model}-{call.name}"

    @property
    def stations(self) -> tuple[Member | Mapper, ...]:
        """What the segment's request passes: its members, those left out that the mapper runs or calls, and the mapper."""
        if self.mapper is None:
            return self.members
        held = {*self.mapper.inline, *(name for call in self.mapper.calls for name in call.members)}
        return (*(member for member in self.members if member.name not in held), self.mapper)

    @property
    def models(self) -> tuple[Member, ...]:
        """The members that have models of their own: all but those that the mapper runs."""
        inline = self.mapper.inline if self.mapper else ()
        return tuple(member for member in self.members if member.name not in inline)


class Choice(Record):
    """A value that a join may give, and the key that takes it (``None``: ``otherwise``; without meaning where no key does)."""

    use: Use
    key: str | None = None
    mapped: bool = False


class PlannedJoin(Record):
    """A join that the engine decides, between segments.

    Attributes:
        name: the node's.
        kind: which join.
        on: the value it decides by; ``None`` where it does not decide by a value.
        per_item: whether it decides for each item of that value.
        choices: what it may give.
        need: how many values make a quorum.
        within_s: how long it waits.
        output: its value.
        gate: when it is decided; ``None``: always.
    """

    name: str
    kind: JoinKind
    on: Use | None
    per_item: bool
    choices: tuple[Choice, ...]
    need: int = 0
    within_s: float | None = None
    output: Flow
    gate: Gate | None = None


class Slice(Record):
    """A kind of GPU partition a target offers: ``name`` as in a device request, and its usable memory."""

    name: str
    gpu_memory_bytes: int


class Target(Record):
    """Where a plan runs.

    Attributes:
        kind: ``local`` or ``kubernetes``.
        platform: the kubernetes platform (``plain``, ``gke``, ...); empty for ``local``.
        slices: the partitions that may be asked for, smallest first.
        onnx: who runs ONNX models: onnxruntime inside the python backend, or Triton's own backend.
    """

    kind: Literal["local", "kubernetes"]
    platform: str = ""
    slices: tuple[Slice, ...] = ()
    onnx: Literal["python", "onnxruntime"] = "python"


class Plan(Record):
    """Graph, target, segments: all that serving and running need.

    Attributes:
        segments: in topological order; empty where every output of the dag is one of its inputs.
        reasons: every cut, in the order of the consuming nodes.
        inputs: how each input of the dag travels, in the order of ``graph.inputs``, also where no segment takes it.
        outputs: how each output of the dag travels, in the order of ``graph.outputs``.
        joins: those that the engine decides, in topological order.
        ingredients: what the segments' digests were made of beside the graph; not part of the plan's own digest, for
            the segments' digests cover it.
    """

    format: Literal["plan/2"] = FORMAT
    graph: Graph
    target: Target
    segments: tuple[Segment, ...]
    reasons: tuple[Reason, ...] = Field(default=())
    inputs: tuple[Flow, ...] = ()
    outputs: tuple[Flow, ...] = ()
    joins: tuple[PlannedJoin, ...] = ()
    ingredients: Ingredients = Field(default=Ingredients(), repr=False)

    @cached_property
    def digest(self) -> str:
        """The plan's version: its content without file paths and line numbers."""
        return digest(self.model_dump(mode="json", exclude={"graph": {"sources"}, "ingredients": True}))

    @cached_property
    def by_name(self) -> dict[str, Segment]:
        """Segments by name."""
        return {segment.name: segment for segment in self.segments}

    @cached_property
    def served(self) -> tuple[Segment, ...]:
        """The segments that a server of ours holds, or this process in its place."""
        return tuple(segment for segment in self.segments if not segment.is_remote)

    @cached_property
    def homes(self) -> dict[str, str]:
        """For each node the name of the segment that serves it; joins that the engine decides have none."""
        return {node: segment.name for segment in self.segments for node in segment.nodes}
