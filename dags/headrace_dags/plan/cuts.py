"""Why two nodes are apart: one small function per rule, with its code and its reason. Pure; knows no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace_dags.axes import MOST_INLINE
from headrace_dags.demand import ALWAYS, Demand, joins_of
from headrace_dags.exposure import Exposure
from headrace_dags.graph import Form, Node, Resources, Use

_NOTHING = Resources()
_KINDS: Mapping[Form, str] = MappingProxyType(
    {
        "stateful": "a class step",
        "onnx": "an ONNX model",
        "tensorrt": "a TensorRT engine",
        "torchscript": "a TorchScript model",
        "remote": "a remote endpoint",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how often a node runs, as far as it is decided.

    Attributes:
        node: the node.
        slice: the slice it needs; ``none`` without a GPU.
        axis: the axis whose chunks it is fed with, one task each; ``None`` where it runs once a run.
        beside: values of that same axis that it takes whole, beside its chunk.
        fed: whether its model has an input at all.
        needs: what one instance of it needs.
        demand: which choices of the engine must fall so that it runs.
        is_apart: whether it is a join that the engine decides, between segments.
        exposure: what is lost where it fails.
        stream: the node whose items leave one by one and for which alone it works, perhaps it itself; empty for all others.
        cached: whether its results are kept across runs.
    """

    node: Node
    slice: str
    axis: Use | None = None
    beside: frozenset[Use] = frozenset()
    fed: bool = True
    needs: Resources = _NOTHING
    demand: Demand = ALWAYS
    is_apart: bool = False
    exposure: Exposure = frozenset()
    stream: str = ""
    cached: bool = False

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @property
    def is_plain(self) -> bool:
        """Whether it is a function that takes single values: cheap, as far as a declaration tells."""
        return self.node.step.form in ("function", "field", "join") and self.node.step.batching is None


@dataclass(frozen=True, slots=True)
class Edge:
    """A value on its way from one node to another.

    Attributes:
        producer: where the value comes from.
        consumer: where it goes.
        use: the value.
        mapped: whether the consumer maps over its items (else it takes the value whole).
        most: the most items of the value's axis, where declared.
        axis: the axis the value lies on, if it carries many items.
    """

    producer: Place
    consumer: Place
    use: Use
    mapped: bool = False
    most: int | None = None
    axis: Use | None = None

    @property
    def opens(self) -> bool:
        """Whether the consumer maps over the items of a producer that runs once: 1 becomes N here."""
        return self.mapped and self.producer.axis is None


@dataclass(frozen=True, slots=True)
class Why:
    """Why two nodes are apart: the rule's code, and the reason in words."""

    code: str
    text: str


Rule = Callable[[Edge], str]
"""Gives the reason why the two nodes must be apart; empty: it does not object."""


def isolate(edge: Edge) -> str:
    """``with_(isolate=True)`` on either side."""
    asked = [place.name for place in (edge.producer, edge.consumer) if place.node.options.isolate]
    return f"isolate=True is asked for {' and '.join(asked)}" if asked else ""


def joined(edge: Edge) -> str:
    """A join that is not decided inside one model is decided by the engine, between segments."""
    if edge.consumer.is_apart:
        return f"{edge.consumer.name} joins what several models give: it is decided between segments"
    return f"{edge.producer.name} is decided between segments" if edge.producer.is_apart else ""


def remote(edge: Edge) -> str:
    """What an endpoint elsewhere does is called by itself: no server of ours holds it."""
    away = next((place for place in (edge.consumer, edge.producer) if place.node.step.remote), None)
    return f"{away.name} is a remote endpoint: it is called, not served" if away else ""


def branch_differs(edge: Edge) -> str:
    """What only a branch needs runs once that branch is taken, which the engine decides."""
    producer, consumer = edge.producer, edge.consumer
    if producer.demand == consumer.demand:
        return ""
    return f"{consumer.name} {_when(consumer)}, {producer.name} {_when(producer)}"


def fails_apart(edge: Edge) -> str:
    """The nodes of a segment fail together, so what a join can do without is apart from what the run cannot."""
    producer, consumer = edge.producer, edge.consumer
    if producer.exposure == consumer.exposure:
        return ""
    odd = max(producer.exposure ^ consumer.exposure)
    join = odd[0] or next((name for name, _ in sorted(consumer.exposure) if name), "the run")
    return f"{consumer.name} may fail and {join} goes on, while {producer.name} is needed otherwise"


def stream(edge: Edge) -> str:
    """What leaves item by item ends its segment, which is one model and gives nothing else: it is called by stream."""
    ends = edge.producer.stream, edge.consumer.stream
    if not any(ends) or (ends[0] == ends[1] and not (own_model(edge) or memory_differs(edge))):
        return ""
    found = ends[1] or ends[0]
    return f"the items of {found} leave one by one: its model is called by stream and gives nothing else"


def cache_differs(edge: Edge) -> str:
    """Results are kept under what enters a segment, so all of it is cached or nothing is; of a map each item by itself."""
    producer, consumer = edge.producer, edge.consumer
    if producer.cached != consumer.cached:
        kept, other = (producer, consumer) if producer.cached else (consumer, producer)
        return (
            f"cache=True is asked for {kept.name} and not for {other.name}: its results are kept under its own inputs"
        )
    if consumer.cached and edge.opens:
        return f"cache=True is asked for {consumer.name}: the result of each item is kept under that item"
    return ""


def tolerant(edge: Edge) -> str:
    """Whether enough items succeeded is known only when all of them are in."""
    producer = edge.producer
    if producer.node.tolerant is None:
        return ""
    return f"{producer.name} is tolerant: whether enough items succeed is known when all are in"


def counts_items(edge: Edge) -> str:
    """How many items of a tolerant map succeed is counted between segments, and each may fail by itself."""
    consumer = edge.consumer
    if consumer.node.tolerant is None:
        return ""
    return f"{consumer.name} is tolerant: its items fail one by one, so they cross the log in chunks"


def item_by_item(edge: Edge) -> str:
    """When a mapper pays: it saves each chunk its way over the log, but whatever fails or is late is the whole task.

    So where items are few and a model handles them it drives the map, unless something is asked for each of them.
    """
    wish = edge.consumer.node.options
    if not edge.mapped or (wish.timeout_s is None and not wish.retry):
        return ""
    asked = "retry=" if wish.retry else "timeout="
    return f"{edge.consumer.name} has {asked}, which counts for each of its items: they cross the log in chunks"


def resources_differ(edge: Edge) -> str:
    """Another device or another slice: one server has one kind of slice."""
    producer, consumer = edge.producer, edge.consumer
    mine, theirs = consumer.needs.device, producer.needs.device
    if mine == theirs and producer.slice == consumer.slice:
        return ""
    return f"{producer.name} runs on {_where(producer)}, {consumer.name} on {_where(consumer)}"


def mapped_model(edge: Edge) -> str:
    """Items feed a model in chunks, and a model's items feed others in chunks: only functions share the process."""
    if not edge.opens or edge.consumer.axis is None:
        return ""
    if not edge.consumer.is_plain:
        return f"{edge.consumer.name} is {kind(edge.consumer)}: the items of {edge.producer.name} feed it in chunks"
    if not edge.producer.is_plain:
        return f"{edge.producer.name} is {kind(edge.producer)}: its items feed {edge.consumer.name} in chunks"
    return ""


def limit_differs(edge: Edge) -> str:
    """A limit holds for a whole task: it must not end a node that was given none."""
    limited = [place.name for place in (edge.producer, edge.consumer) if place.node.options.timeout_s is not None]
    if len(limited) != 1:
        return ""
    free = next(place.name for place in (edge.consumer, edge.producer) if place.name not in limited)
    return f"{limited[0]} has a timeout=, {free} has none"


def unbounded_map(edge: Edge) -> str:
    """Nobody promised that the items are few enough to be handled where they are made."""
    if not edge.opens or (edge.most is not None and edge.most <= MOST_INLINE):
        return ""
    declared = "no max_items=" if edge.most is None else f"max_items={edge.most}, more than {MOST_INLINE}"
    return f"{edge.producer.name} declares {declared}: {edge.consumer.name} gets its items in chunks"


def mapped_apart(edge: Edge) -> str:
    """A function that could not join the process that makes its items gets them in chunks like any other."""
    if not edge.opens or edge.consumer.axis is None:
        return ""
    return f"{edge.consumer.name} cannot run in the process of {edge.producer.name}: it gets its items in chunks"


def fan_in_many(edge: Edge) -> str:
    """The items of all chunks are needed at once: N becomes 1 across the log."""
    if edge.producer.axis is None or edge.mapped or edge.axis is None:
        return ""
    return f"{edge.consumer.name} takes all items at once, {edge.producer.name} gives them in chunks"


def axis_differs(edge: Edge) -> str:
    """All nodes of a segment run once per run, or once per chunk of one axis."""
    producer, consumer = edge.producer, edge.consumer
    if producer.axis == consumer.axis and producer.beside == consumer.beside:
        return ""
    if producer.axis == consumer.axis:
        return f"beside its chunk {consumer.name} takes other whole values of that axis than {producer.name}"
    return f"{producer.name} {_often(producer)}, {consumer.name} {_often(consumer)}"


def no_input(edge: Edge) -> str:
    """A model without inputs cannot be called from inside an ensemble."""
    return "" if edge.producer.fed else f"{edge.producer.name} takes no value: nothing in an ensemble could start it"


def own_model(edge: Edge) -> str:
    """What holds a model or a batch is slow enough to overlap with its neighbour's work."""
    slow = next((place for place in (edge.consumer, edge.producer) if not place.is_plain), None)
    return f"{slow.name} is {kind(slow)}: slow enough to overlap with its neighbours" if slow else ""


def memory_differs(edge: Edge) -> str:
    """What declares memory of its own has a process of its own."""
    same = edge.producer.needs == edge.consumer.needs
    return "" if same else f"{edge.producer.name} and {edge.consumer.name} declare different memory"


HOP_RULES: tuple[tuple[str, Rule], ...] = (
    ("join", joined),
    ("remote", remote),
    ("branch-differs", branch_differs),
    ("fails-apart", fails_apart),
    ("isolate", isolate),
    ("stream", stream),
    ("cache-differs", cache_differs),
    ("tolerant", tolerant),
    ("resources-differ", resources_differ),
    ("limit-differs", limit_differs),
    ("mapped-model", mapped_model),
    ("unbounded-map", unbounded_map),
    ("mapped-apart", mapped_apart),
    ("fan-in-many", fan_in_many),
    ("axis-differs", axis_differs),
)
"""Rules that put nodes into different segments; the first that objects is the reason."""

SEGMENT_RULES: tuple[tuple[str, Rule], ...] = (*HOP_RULES, ("no-input", no_input))
"""Rules that are asked when models are joined into an ensemble."""

MAPPER_RULES: tuple[tuple[str, Rule], ...] = (
    ("join", joined),
    ("remote", remote),
    ("branch-differs", branch_differs),
    ("fails-apart", fails_apart),
    ("isolate", isolate),
    ("stream", stream),
    ("cache-differs", cache_differs),
    ("tolerant", tolerant),
    ("tolerant", counts_items),
    ("resources-differ", resources_differ),
    ("limit-differs", limit_differs),
    ("unbounded-map", unbounded_map),
    ("item-by-item", item_by_item),
)
"""Rules that are asked when segments are joined around a mapped axis, which a mapper would drive instead of the engine."""

MODEL_RULES: tuple[tuple[str, Rule], ...] = (("own-model", own_model), ("memory-differs", memory_differs))
"""Rules that put nodes of one segment into different models."""


def path_between(edge: Edge, middle: Place) -> Why:
    """Something lies between the two: together they would have to run both before and after it."""
    producer, consumer = edge.producer.name, edge.consumer.name
    return Why("path-between", f"{middle.name} runs after {producer} and before {consumer}")


def waits_for(edge: Edge, late: Place, call: Place) -> Why:
    """What a mapper takes has to be there before it begins: it must not hold up calls that need it not."""
    text = f"with {edge.consumer.name} in its model {call.name} would wait for {late.name}, which it does not need"
    return Why("waits-for", text)


def by_a_mapper(edge: Edge, chunk: int) -> Why:
    """One of the two is called by a mapper for the items of an axis."""
    producer, consumer = edge.producer.name, edge.consumer.name
    if chunk and edge.mapped:
        each = "one item" if chunk == 1 else f"at most {chunk} items"
        return Why(
            "mapper", f"{consumer} is {kind(edge.consumer)}: a mapper calls it for {each} of {producer} at a time"
        )
    if chunk:
        return Why("mapper", f"a mapper calls {consumer} for items, with all of {producer} each time")
    return Why("mapper", f"a mapper calls {producer} for items, and gathers them for {consumer}")


def slice_full(edge: Edge, needed_bytes: int, slice_bytes: int) -> Why:
    """The two do not fit on one slice together."""
    both = f"{edge.producer.name} and {edge.consumer.name} with what is beside them"
    room = f"{edge.consumer.slice} has {gibibytes(slice_bytes)}"
    return Why("slice-full", f"{both} need {gibibytes(needed_bytes)} of GPU memory, {room}")


def objection(rules: tuple[tuple[str, Rule], ...], edge: Edge) -> Why | None:
    """The first rule that objects to the two nodes of ``edge`` being together."""
    for code, rule in rules:
        if text := rule(edge):
            return Why(code, text)
    return None


def kind(place: Place) -> str:
    """What makes the node more than a function."""
    return _KINDS.get(place.node.step.form, "batched")


def _where(place: Place) -> str:
    return place.needs.device if place.slice == "none" else f"slice {place.slice}"


def _when(place: Place) -> str:
    names = " or ".join(sorted(joins_of(place.demand)))
    return f"runs only where {names} takes it" if names else "runs always"


def _often(place: Place) -> str:
    return f"runs once per chunk of {place.axis}" if place.axis else "runs once per run"


def gibibytes(number: int) -> str:
    """Bytes as a person reads them."""
    return f"{number / 2**30:.2f}".rstrip("0").rstrip(".") + " GiB"
