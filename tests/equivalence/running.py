"""Three ways to run an example: a plain call, and through plan and engine on a runtime; and what each came to."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from tests.equivalence.wirings import Example

from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.understand import declaration_of
from headrace_dags.graph import Graph, Node, Use
from headrace_dags.media.handles import Blob
from headrace_dags.plan.gather import gather
from headrace_dags.plan.model import Mapper, Plan
from headrace_dags.plan.planner import plan
from headrace_dags.plan.targets import local
from headrace_dags.running.bodies import load
from headrace_dags.running.evaluate import NodeFailed, PreparedNode
from headrace_events.engine.events import Result
from headrace_events.engine.readback import RunRecord
from headrace_events.engine.record import RunFolder
from headrace_events.engine.replay import replay
from headrace_events.engine.runid import new_run_id
from headrace_events.engine.settings import ShellSettings
from headrace_events.engine.shell import execute_run
from headrace_serving.codec import Sink, decode, encode
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Executor, Workplace

TIGHT_CHUNK, TIGHT = 2, ShellSettings(inline_bytes=100, log_bytes=400, cache_bytes=0)
"""Many chunks, payloads that do not fit into events, and nothing kept in memory."""

Failure = tuple[str, str, str]
"""Kind, node and port."""


@dataclass(frozen=True)
class Came:
    """What a run came to: its outputs by name, in a form that can be compared, or its failure; how much the cache answered."""

    outputs: Mapping[str, Any] | None = None
    failure: Failure | None = None
    cached: int = field(default=0, compare=False)


class Case:
    """An example in a folder, beside ``steps.py``.

    Args:
        example: what is run.
        root: the folder; on ``sys.path``.
        prefix: begins the names of the nodes, so that plans can be served together.
    """

    def __init__(self, example: Example, root: Path, prefix: str = "") -> None:
        self.example = example
        self._root = root
        self._prefix = prefix
        name = f"example_{sha256(example.source.encode()).hexdigest()[:16]}"
        if name not in sys.modules:
            (root / f"{name}.py").write_text(example.source, encoding="utf-8")
            importlib.invalidate_caches()
        self.dag: Dag[..., Any] = importlib.import_module(name).main

    @cached_property
    def plan(self) -> Plan:
        graph = renamed(self.dag.graph, self._prefix)
        made = plan(graph, local(), gather(graph, self._root))
        return chunked(made, TIGHT_CHUNK) if self.example.tight else made

    @property
    def has_mapper(self) -> bool:
        """Whether a map of the dag is driven inside a segment."""
        return any(segment.mapper for segment in self.plan.segments)

    @property
    def plainly(self) -> Came:
        """What a plain call of the dag comes to."""
        try:
            result = self.dag(**self.example.inputs)
        except NodeFailed as failed:
            return Came(failure=(failed.fault, failed.node, failed.port))
        outputs = [output.port.name for output in self.dag.graph.outputs]
        values = [result] if len(outputs) == 1 else [getattr(result, name) for name in outputs]
        return Came({name: comparable(value) for name, value in zip(outputs, values, strict=True)})

    @property
    def failures(self) -> set[Failure]:
        """Each failure that a run may end with: of those on different branches any may be the first."""
        declarations = self.dag.traced.declarations
        known = {Use(node="", port=name): value for name, value in self.example.inputs.items()}
        return set(_failures(self.dag.graph.nodes, declarations, known))

    async def on(self, executor: Executor, place: Workplace) -> Came:
        """What a run on ``executor`` comes to; its record, folded again, must say the same."""
        store, run = FileStore(place.objects), str(new_run_id(b"secret"))
        annotations, sink = declaration_of(self.dag).signature.annotations, Sink(store, f"default/{run}")
        inputs = {
            flow.use.port: encode(flow, annotations[f"in:{flow.use.port}"], self.example.inputs[flow.use.port], sink)
            for flow in self.plan.inputs
        }
        folder = RunFolder(place.objects.parent / "runs" / run)
        settings = TIGHT if self.example.tight else ShellSettings()
        outcome = await execute_run(
            self.plan, run, inputs, executor, folder, lambda *_: None, store=store, settings=settings
        )
        record = RunRecord.read(folder.path)
        assert replay(record) == outcome == record.outcome
        if outcome.failure:
            return Came(failure=(outcome.failure.kind, self._bare(outcome.failure.node), outcome.failure.port))
        decoded = {
            name: decode(flow, annotations[f"out:{name}"], tensor, store)
            for name, flow, tensor in record.outputs(store)
        }
        cached = sum(each.event.cached for each in record.events if isinstance(each.event, Result))
        return Came({name: comparable(value) for name, value in decoded.items()}, cached=cached)

    def _bare(self, node: str) -> str:
        return node.removeprefix(self._prefix)

    def agrees(self, *runs: Came) -> None:
        """Compare runs with a plain call.

        Raises:
            AssertionError: they differ; the message has the dag's source.
        """
        expected = self.plainly
        failures = self.failures if expected.failure else set[Failure]()
        assert expected.failure is None or expected.failure in failures, self.example
        for came in runs:
            if expected.failure:
                assert came.failure in failures, f"{came} is none of {failures}\n{self.example}"
            else:
                assert came == expected, f"{came}\n!= {expected}\n{self.example}"

    def branches_alike(self, *runs: Came) -> None:
        """Compare runs with a plain call; of several steps that fail any may be the one that is told.

        Raises:
            AssertionError: they differ; the message has the dag's source.
        """
        expected = self.plainly
        for came in runs:
            told = f"{came}\n!= {expected}\n{self.example}"
            if expected.failure is None:
                assert came == expected, told
                continue
            assert came.failure, told
            assert any(step in came.failure[1] for step in ("broken", "fragile", "brittle")), told


def _failures(
    nodes: tuple[Node, ...], declarations: Mapping[str, Declaration], known: dict[Use, Any]
) -> Iterator[Failure]:
    for node in nodes:
        if known.keys() >= set(node.uses()):
            body = load(declarations[node.name], model_root=Path())
            inputs = {each.port.name: known[each.binding] for each in node.inputs if isinstance(each.binding, Use)}
            try:
                outputs = PreparedNode(node, body).run(inputs)
                known |= {Use(node=node.name, port=name): value for name, value in outputs.items()}
            except NodeFailed as failed:
                yield failed.fault, failed.node, failed.port


def chunked(old: Plan, most: int) -> Plan:
    """The same plan with chunks of at most ``most`` items, whoever drives them."""
    segments = tuple(
        each.model_copy(update={"chunk": min(each.chunk, most), "mapper": _chunked(each.mapper, most)})
        for each in old.segments
    )
    return Plan(**{**{name: getattr(old, name) for name in Plan.model_fields}, "segments": segments})


def _chunked(old: Mapper | None, most: int) -> Mapper | None:
    if old is None:
        return None
    calls = tuple(each.model_copy(update={"chunk": min(each.chunk, most)}) for each in old.calls)
    return old.model_copy(update={"calls": calls})


def renamed(graph: Graph, prefix: str) -> Graph:
    """The same graph with a prefix before the name of every node."""

    def use(old: Use) -> Use:
        return old.model_copy(update={"node": prefix + old.node}) if old.node else old

    def node(old: Node) -> Node:
        inputs = tuple(
            each.model_copy(update={"binding": use(each.binding)}) if isinstance(each.binding, Use) else each
            for each in old.inputs
        )
        return old.model_copy(update={"name": prefix + old.name, "inputs": inputs})

    outputs = tuple(each.model_copy(update={"use": use(each.use)}) for each in graph.outputs)
    sources = {prefix + name: where for name, where in graph.sources.items()}
    nodes = tuple(map(node, graph.nodes))
    return Graph(
        name=graph.name, target=graph.target, inputs=graph.inputs, outputs=outputs, nodes=nodes, sources=sources
    )


def comparable(value: Any) -> Any:
    """A value as plain data of which equality says that type and content are equal."""
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tolist())
    if isinstance(value, Blob):
        return (type(value).__name__, value.media_type, value.read())
    if isinstance(value, BaseModel):
        return (type(value).__name__, comparable(list(dict(value).items())))
    return (type(value).__name__, value)
