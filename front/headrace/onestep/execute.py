"""Run a node, and those before it that have to be, on recorded values; each body in this thread, so that a debugger sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.held import Held, Items, is_gone
from headrace.onestep.debugger import Debugger
from headrace.onestep.supply import Found, Supply, along
from headrace.runs import TENANT
from headrace_dags.errors import BadInput, Problem
from headrace_dags.graph import Node, Port, Use
from headrace_dags.plan.model import Flow
from headrace_dags.plan.naming import tensor_name
from headrace_dags.plan.wires import Traffic, wire_of
from headrace_dags.ports.values import ValueMisfit
from headrace_dags.running.evaluate import NodeFailed, PreparedNode
from headrace_events.engine.readback import RunRecord
from headrace_serving import blame
from headrace_serving.codec import Codec, Sink, codec
from headrace_serving.failure import TaskFailed, TaskFailure
from headrace_serving.loading import Loaded, load
from headrace_serving.objects.file import FileStore
from headrace_serving.program import Program

Values = dict[Use, Any]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a node is run.

    Attributes:
        record: the run that its inputs come from.
        import_root: where user code is imported from.
        objects: root of the object store that the run's values lie in.
        made: root of a store for what the node makes.
        debugger: looks at a failure.
        item: which item of its mapped axis it takes; ``None`` is all.
    """

    record: RunRecord
    import_root: Path
    objects: Path
    made: Path
    debugger: Debugger
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of it.

    Attributes:
        took_s: how long the node itself took; ``None`` where it did not begin.
        outputs: what it gave; empty where it failed.
        failure: why there is nothing.
    """

    took_s: float | None = None
    outputs: tuple[Held, ...] = ()
    failure: TaskFailure | None = None


def execute(supply: Supply, shop: Workshop) -> Ending:
    """Run the node of ``supply``. A failure is an ending.

    Raises:
        BadInput: the item is not one of those that the node takes, or a recorded value is gone or no longer fits.
    """
    watch = _Watch()
    try:
        return _served(supply, load(_program(supply, shop)), shop, watch)
    except TaskFailed as failed:  # a step that does not load, or a value that cannot be written
        if failed.__cause__:
            shop.debugger.look(failed.__cause__)
        return Ending(watch.took_s, failure=failed.failure)


def _served(supply: Supply, loaded: Loaded, shop: Workshop, watch: _Watch) -> Ending:
    values = _decoded(supply, loaded, shop)
    try:
        made = _run(loaded, values, supply, shop, watch)
    except NodeFailed as failed:
        shop.debugger.look(failed)
        failure = blame.of_node(failed, loaded.declarations[failed.node], (shop.import_root,))
        own = shop.item is not None and failed.node in along(supply)
        return Ending(watch.took_s, failure=failure.model_copy(update={"item": shop.item}) if own else failure)
    return _encoded(supply, loaded, made, shop, watch)


@dataclass
class _Watch:
    """Takes the time of the node itself."""

    took_s: float | None = field(default=None)
    begun_s: float = 0.0

    def __enter__(self) -> None:
        self.begun_s = time.monotonic()

    def __exit__(self, *exc: object) -> None:
        self.took_s = time.monotonic() - self.begun_s


def _program(supply: Supply, shop: Workshop) -> Program:
    return Program(
        name=supply.node.name,
        nodes=(*supply.before, supply.node),
        inputs=tuple(found.flow for found in supply.recorded.values()),
        outputs=tuple(_flow(supply.node, port) for port in supply.node.outputs),
        import_root=shop.import_root,
        objects=shop.objects,
        path=(),
    )


def _flow(node: Node, port: Port) -> Flow:
    """How an output travels to where it is saved from."""
    traffic = Traffic(port.many, batched=False, crosses=port.many)
    use, wire = Use(node=node.name, port=port.name), wire_of(port.type, traffic)
    return Flow(name=tensor_name(node.name, port.name), use=use, type=port.type, many=port.many, wire=wire)


def _decoded(supply: Supply, loaded: Loaded, shop: Workshop) -> Values:
    """The recorded values as the steps take them.

    Raises:
        BadInput: with every value that is gone or no longer fits.
    """
    values: Values = {}
    problems: list[Problem] = []
    store = FileStore(shop.objects)
    for each in loaded.inputs:
        try:
            values[each.flow.use] = _value(each, supply.recorded[each.flow.use], shop.record, store)
        except FileNotFoundError:
            got = "objects that were removed"
            problems.append(_problem("not-recorded", each.flow, f"lies in the objects of run {shop.record.run}", got))
        except ValueMisfit as misfit:
            problems.append(_problem("record-changed", each.flow, f"expects {misfit.expected}", misfit.got))
    if problems:
        raise BadInput(problems)
    return values


def _problem(code: str, flow: Flow, expected: str, got: str) -> Problem:
    return Problem(code, str(flow.use), expected, got, "Run the dag again")


def _value(each: Codec, found: Found, record: RunRecord, store: FileStore) -> Any:
    value = each.decode(record.join(found.pieces, found.flow, store), store)
    if any(map(is_gone, value if found.flow.many else (value,))):
        raise FileNotFoundError(str(found.flow.use))
    return value


def _run(loaded: Loaded, values: Values, supply: Supply, shop: Workshop, watch: _Watch) -> Values:
    """All values after every node has run; of one item, where one is asked for, as far as that is all that is needed."""
    single = along(supply) if shop.item is not None else frozenset[str]()
    for prepared in loaded.chain.nodes:
        inputs = {name: values[use] for name, use in prepared.uses.items()}
        node = prepared.node
        if node.name in single and prepared.uses[node.mapped[0]].node not in single:
            inputs = _picked(inputs, prepared, shop.item or 0)
        with watch if node.name == supply.node.name else nullcontext():
            outputs = prepared.run(inputs)
        values |= {Use(node=node.name, port=name): value for name, value in outputs.items()}
    return values


def _picked(inputs: Mapping[str, Any], prepared: PreparedNode, item: int) -> dict[str, Any]:
    """The inputs with one item of the mapped port.

    Raises:
        BadInput: there is no such item.
    """
    first, *others = prepared.node.mapped
    items: Sequence[Any] = inputs[first]
    if not 0 <= item < len(items):
        count = f"{len(items)} item{'s' if len(items) != 1 else ''} of {prepared.uses[first]}"
        write = f"Write a number from 0 to {len(items) - 1}" if items else "Name a run that had some"
        raise BadInput(Problem("no-item", f"--item {item}", f"expects one of the {count}", str(item), write))
    return {**inputs, **{name: [inputs[name][item]] for name in (first, *others)}}


def _encoded(supply: Supply, loaded: Loaded, values: Values, shop: Workshop, watch: _Watch) -> Ending:
    """What the node gave, as it is kept and shown of a whole run."""
    store = FileStore(shop.made)
    sink = Sink(store, f"{TENANT}/{shop.record.run}")
    outputs: list[Held] = []
    for each in loaded.outputs:
        try:
            tensor = each.encode(values[each.flow.use], sink)
        except Exception as error:
            raise TaskFailed(blame.of_output(error, each.flow, loaded.declarations[supply.node.name])) from error
        items = Items(tensor, codec(each.flow, Any).wire, store)
        outputs.append(Held(each.flow.use.port, each.flow, items, tensor.items))
    return Ending(watch.took_s, tuple(outputs))
