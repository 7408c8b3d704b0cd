"""The graph: nodes, ports and edges as immutable data. Holds no policy and knows no target; passes are functions over it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from headrace_dags.errors import Location
from headrace_dags.layout import Kind
from headrace_dags.record import Record, digest

FORMAT: Literal["graph/1"] = "graph/1"
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
    """

    kind: Kind
    media: str = ""
    dtype: str = ""
    axes: tuple[str, ...] = ()
    rate: int = 0
    python: str = ""
    schema_digest: str = ""

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
        default: the default of an input, where ``has_default``.
    """

    name: str
    type: PortType
    many: bool = False
    has_default: bool = False
    default: JsonValue = None

    def __str__(self) -> str:
        return f"Many[{self.type}]" if self.many else str(self.type)


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


Form = Literal["function", "stateful", "onnx"]


class SecretRef(Record):
    """The name of a secret. Its value is nowhere in a graph or plan.

    Attributes:
        secret: the environment variable that holds it.
    """

    secret: str


class StepRef(Record):
    """Which code or model a node runs, found again by import.

    Attributes:
        target: ``module:qualname`` of the step.
        form: a plain function, a class with ``setup``, or an ONNX model file.
        config: configuration of a class step (its annotated attributes).
        secrets: those of its annotated attributes that are secrets.
        yields: whether the body is a generator (its value is a Many).
        max_items: the most items a yielding body makes, as declared; ``None`` where nothing was said.
        batching: set where the body takes a whole batch.
        batch_ports: input ports that the body receives as a batch.
        model_file: path of an ONNX model, relative to the import root.
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
    resources: Resources = Resources()


class Options(Record):
    """What ``with_`` says of one use of a step. ``timeout_s`` counts from start to finish; ``None`` is no limit."""

    retry: int = Field(default=0, ge=0)
    timeout_s: float | None = None
    isolate: bool = False


class Node(Record):
    """One use of a step.

    Attributes:
        name: unique in the graph; steps used twice are numbered.
        mapped: the input port whose items are mapped one by one; empty where the step runs once. The outputs of a
            mapped node are Many.
    """

    name: str
    step: StepRef
    inputs: tuple[Input, ...]
    outputs: tuple[Port, ...]
    mapped: str = ""
    options: Options = Options()

    def uses(self) -> Iterator[Use]:
        """The values this node takes, constants left out."""
        return (each.binding for each in self.inputs if isinstance(each.binding, Use))

    def output(self, name: str) -> Port:
        """The output port ``name``."""
        return next(port for port in self.outputs if port.name == name)


class Output(Record):
    """An output of the dag and the value it gives."""

    port: Port
    use: Use


class Graph(Record):
    """A traced dag: the intermediate representation every plan starts from.

    Attributes:
        name: the dag's name.
        target: ``module:qualname`` of the dag.
        nodes: in topological order.
        deadline_s: the most seconds a run may take; ``None`` is no limit.
        sources: file and line of each node's call in the dag's body, for messages; not part of the digest.
    """

    format: Literal["graph/1"] = FORMAT
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
    def consumers(self) -> dict[Use, tuple[Node, ...]]:
        """For each value, the nodes that take it, in topological order."""
        found: dict[Use, list[Node]] = {}
        for node in self.nodes:
            for use in dict.fromkeys(node.uses()):
                found.setdefault(use, []).append(node)
        return {use: tuple(nodes) for use, nodes in found.items()}
