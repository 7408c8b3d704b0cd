"""The graph: nodes, ports and edges as immutable data. Holds no policy and knows no target; passes are functions over it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from headrace_dags.errors import Location
from headrace_dags.layout import Kind
from headrace_dags.record import Record, digest

FORMAT: Literal["graph/2"] = "graph/2"
RESULT = "result"
"""Name of the only output of a step or dag that returns one value."""


class PortType(Record):
    """What one item on a port is.

    Attributes:
        kind: the medium.
        media: media type of an encoded handle (``video/mp4``, ``image/*``); empty for decoded values.
        dtype: numpy's element type of a decoded array; empty otherwise.
        axes: the array's axes, ``name`` or ``name=size``.
        rate: samples per second, for decoded audio.
        python: for ``json``: how the Python type is spelled (``int``, ``list[str]``, ``shop.models:Invoice``).
        schema_digest: for ``json``: digest of its JSON Schema, so that two versions of a model do not pass as one.
        members: for ``json``: the types that a union is made of, in the order they are written; empty for one type.
    """

    kind: Kind
    media: str = ""
    dtype: str = ""
    axes: tuple[str, ...] = ()
    rate: int = 0
    python: str = ""
    schema_digest: str = ""
    members: tuple[PortType, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the axes, -1 where a size is free."""
        return tuple(int(axis.partition("=")[2] or -1) for axis in self.axes)

    @property
    def is_array(self) -> bool:
        """Whether an item is a decoded array."""
        return bool(self.dtype)

    @property
    def is_handle(self) -> bool:
        """Whether an item is an encoded medium, passed by reference."""
        return bool(self.media)

    def __str__(self) -> str:
        if self.kind == "json":
            return self.python
        name = self.kind.capitalize()
        if self.media:
            return f"{name} ({self.media})"
        if not self.dtype:
            return name
        rate = f" at {self.rate} Hz" if self.rate else ""
        return f"{name} ({self.dtype} {' '.join(self.axes)}{rate})"


class Port(Record):
    """A typed input or output.

    Attributes:
        name: the parameter's or field's name.
        type: what one item is.
        many: whether the port carries many items, in order.
        optional: whether the value may be missing (``None``); of many, whether each item may.
        default: the default of an input, where ``has_default``.
    """

    name: str
    type: PortType
    many: bool = False
    optional: bool = False
    has_default: bool = False
    default: JsonValue = None

    def __str__(self) -> str:
        item = f"{self.type} | None" if self.optional else str(self.type)
        return f"Many[{item}]" if self.many else item


class Use(Record):
    """A value of the graph: an output of a node, or an input of the dag (``node`` empty)."""

    kind: Literal["use"] = "use"
    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}" if self.node else self.port


class Const(Record):
    """A constant that the dag's body passes to a step."""

    kind: Literal["const"] = "const"
    value: JsonValue


Binding = Annotated[Use | Const, Field(discriminator="kind")]


class Input(Record):
    """An input port of a node and what feeds it."""

    port: Port
    binding: Binding


class Batching(Record):
    """How a batched body is fed: at most ``size`` items, waiting at most ``wait_us`` microseconds for more."""

    size: int = Field(ge=1)
    wait_us: int = Field(default=0, ge=0)


class Resources(Record):
    """What one instance of a step needs. Bytes; 0 where nothing was said."""

    device: Literal["cpu", "gpu"] = "cpu"
    memory_bytes: int = 0
    gpu_memory_bytes: int = 0
    slice: str = ""


ModelForm = Literal["onnx", "tensorrt", "torchscript"]
Form = Literal["function", "stateful", ModelForm, "remote", "field", "join"]
MODEL_FORMS: tuple[ModelForm, ...] = ("onnx", "tensorrt", "torchscript")
"""The forms of steps that are model files."""


class SecretRef(Record):
    """The name of a secret. Its value is nowhere in a graph or plan.

    Attributes:
        secret: the environment variable that holds it.
    """

    secret: str


class TensorNames(Record):
    """What a model calls the tensors of ports, where that is not the port's own name: port -> tensor."""

    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}


class Remote(Record):
    """The endpoint that a remote step calls, by the Open Inference Protocol.

    Attributes:
        url: as written: ``https://host/v2/models/name``, ``grpc://host:port/v2/models/name``, or with ``${NAME}`` in the
            place of what comes before ``/v2``.
        headers: those that are no secrets, by name.
        tensors: names of the model's tensors.
        timeout_s: the most seconds of one request.
        most_bytes: the largest answer.
        concurrency: how many requests are on their way at once.
    """

    url: str
    headers: dict[str, str] = {}
    tensors: TensorNames = TensorNames()
    timeout_s: float = 30.0
    most_bytes: int = Field(default=64 << 20, ge=1)
    concurrency: int = Field(default=8, ge=1)


class StepRef(Record):
    """Which code or model a node runs, found again by import.

    Attributes:
        target: ``module:qualname`` of the step.
        form: a plain function, a class with ``setup``, a model file by its format, a remote endpoint, a field of a JSON value
            (``config`` names it), or a join, which runs no code.
        config: configuration of a class step (its annotated attributes).
        secrets: those of its annotated attributes that are secrets; of a remote step ``token`` and ``headers.NAME``.
        yields: whether the body is a generator (its value is a Many).
        max_items: the most items a yielding body makes, as declared; ``None`` where nothing was said.
        batching: set where the body takes a whole batch.
        batch_ports: input ports that the body receives as a batch.
        model_file: path of a model file, relative to the import root.
        remote: the endpoint of a remote step.
        resources: what one instance needs.
    """

    target: str
    form: Form = "function"
    config: dict[str, JsonValue] = {}
    secrets: dict[str, SecretRef] = {}
    yields: bool = False
    max_items: int | None = None
    batching: Batching | None = None
    batch_ports: tuple[str, ...] = ()
    model_file: str = ""
    remote: Remote | None = None
    resources: Resources = Resources()


class Options(Record):
    """What ``with_`` says of one use of a step.

    Attributes:
        retry: how often it is tried again when it fails.
        timeout_s: the most seconds of one try, from start to finish; ``None`` is no limit.
        isolate: whether it is served apart from its neighbours.
        idle_s: the most seconds that a stream may take for its next item; ``None``: nothing was said.
        cache: whether its results are kept across runs, and given again for equal inputs.
    """

    retry: int = Field(default=0, ge=0)
    timeout_s: float | None = None
    isolate: bool = False
    idle_s: float | None = None
    cache: bool = False


JoinKind = Literal["switch", "when", "optional", "first", "quorum"]
ON = "on"
"""The input port that a switch or when decides by."""
TRUE = "true"
"""The key of a ``when`` that holds; keys are text, and so are the truth values of JSON."""


class Join(Record):
    """How a node without a step gives one value out of several; ``docs/design/007-joins.md`` says what each kind means.

    Attributes:
        kind: which join it is.
        keys: for each input port but ``on``, in order, the key that takes it: the value of an Enum's member, ``true`` for
            the value of a ``when``, ``None`` for ``otherwise``; empty for joins that do not decide by a key.
        total: whether every key takes a value; else the join may give nothing.
        need: how many values make a quorum.
        within_s: how long it waits for them; ``None`` is no limit.
    """

    kind: JoinKind
    keys: tuple[str | None, ...] = ()
    total: bool = False
    need: int = 0
    within_s: float | None = None

    @property
    def decides(self) -> bool:
        """Whether it takes one value by a key, so that the others need not be made."""
        return self.kind in ("switch", "when")


class Node(Record):
    """One use of a step, or a join.

    Attributes:
        name: unique in the graph; steps used twice are numbered.
        mapped: the input ports whose items are taken one by one, in lockstep; empty where the step runs once. The outputs
            of a mapped node are Many.
        tolerant: the least share of the items that must succeed, 0 to 1; failed items are ``None`` then. ``None``: every
            item must succeed.
        join: set for a join; its ``step`` has the form ``join``.
    """

    name: str
    step: StepRef
    inputs: tuple[Input, ...]
    outputs: tuple[Port, ...]
    mapped: tuple[str, ...] = ()
    tolerant: float | None = None
    join: Join | None = None
    options: Options = Options()

    def uses(self) -> Iterator[Use]:
        """The values this node takes, constants left out."""
        return (each.binding for each in self.inputs if isinstance(each.binding, Use))

    def output(self, name: str) -> Port:
        """The output port ``name``."""
        return next(port for port in self.outputs if port.name == name)

    @property
    def on(self) -> Use | None:
        """The value by which a switch or when decides; ``None`` for all other nodes."""
        if self.join is None or not self.join.decides:
            return None
        return next(each.binding for each in self.inputs if each.port.name == ON and isinstance(each.binding, Use))

    @property
    def choices(self) -> tuple[Input, ...]:
        """The inputs of a join that may become its value, in the order of its keys."""
        decides = self.join is not None and self.join.decides
        return tuple(each for each in self.inputs if not (decides and each.port.name == ON))

    def choice(self, key: str) -> int:
        """Which of the choices ``key`` takes; -1 for none."""
        keys = self.join.keys if self.join else ()
        found = key if key in keys else None
        return keys.index(found) if found in keys else -1


class Output(Record):
    """An output of the dag and the value it gives.

    Attributes:
        port: what it is.
        use: the value.
        stream: whether its items leave one by one, as the step yields them.
    """

    port: Port
    use: Use
    stream: bool = False


class Graph(Record):
    """A traced dag: the intermediate representation every plan starts from.

    Attributes:
        name: the dag's name.
        target: ``module:qualname`` of the dag.
        nodes: in topological order.
        deadline_s: the most seconds a run may take; ``None`` is no limit.
        sources: file and line of each node's call in the dag's body, for messages; not part of the digest.
    """

    format: Literal["graph/2"] = FORMAT
    name: str
    target: str
    inputs: tuple[Port, ...]
    outputs: tuple[Output, ...]
    nodes: tuple[Node, ...]
    deadline_s: float | None = None
    sources: dict[str, Location] = Field(default={}, repr=False)

    @cached_property
    def digest(self) -> str:
        """Content hash: equal for the same dag on any machine; line numbers and paths do not count."""
        return digest(self.model_dump(mode="json", exclude={"sources"}))

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    def port(self, use: Use) -> Port:
        """The port that gives the value ``use``."""
        if use.node:
            return self.by_name[use.node].output(use.port)
        return next(port for port in self.inputs if port.name == use.port)

    @cached_property
    def streams(self) -> frozenset[str]:
        """Names of the nodes whose items leave the dag one by one."""
        return frozenset(output.use.node for output in self.outputs if output.stream)

    @cached_property
    def consumers(self) -> dict[Use, tuple[Node, ...]]:
        """For each value, the nodes that take it, in topological order."""
        found: dict[Use, list[Node]] = {}
        for node in self.nodes:
            for use in dict.fromkeys(node.uses()):
                found.setdefault(use, []).append(node)
        return {use: tuple(nodes) for use, nodes in found.items()}
