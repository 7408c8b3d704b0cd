"""Trace a dag into its graph, or into everything that is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_dags.declare import sourcelines
from headrace_dags.declare.dag import Dag
from headrace_dags.declare.declaration import Declaration
from headrace_dags.declare.understand import declared_of
from headrace_dags.declare.units import seconds
from headrace_dags.errors import DefinitionError, Location, Problem
from headrace_dags.graph import Graph, Node, Output, Port, Use
from headrace_dags.rules import joins, whole
from headrace_dags.rules import streams as streams_rules
from headrace_dags.trace.body import run
from headrace_dags.trace.context import tracing
from headrace_dags.trace.frames import importing
from headrace_dags.trace.order import Entangled, ordered
from headrace_dags.trace.standin import Origin, StandIn, is_standin, origin_of
from headrace_dags.trace.tracer import Tracer
from headrace_dags.trace.unused import live, unused
from headrace_dags.trace.witness import Scope


@dataclass(frozen=True, slots=True)
class Traced:
    """A dag as data.

    Attributes:
        graph: its graph.
        declarations: for each node, by name, what it runs.
        for_items: lines in dags that it maps, which are wrong where those are called without a map.
    """

    graph: Graph
    declarations: Mapping[str, Declaration]
    for_items: frozenset[Location] = frozenset()


def trace(dag: Dag[..., Any]) -> Traced:
    """Trace ``dag``.

    Raises:
        DefinitionError: with everything that is wrong with it and with the steps it calls.
    """
    found = attempt(dag)
    if isinstance(found, Traced):
        return found
    raise DefinitionError(found)


def attempt(dag: Dag[..., Any]) -> Traced | tuple[Problem, ...]:
    """Trace ``dag``; all problems, by file and line, where there are any."""
    declared = declared_of(dag)
    tracer = Tracer(Scope(dag, declared))
    tracer.notes.add(declared.declaration.problems)
    with tracing(tracer):
        given = {each.name: _input(tracer, each.name, each.port) for each in declared.parameters}
        value = run(tracer, given)
    tracer.finished = True
    outputs = _outputs(tracer, value)
    _check(tracer, outputs)
    nodes = _in_order(tracer, outputs)
    if problems := in_order(tracer.notes.problems):
        return problems
    declarations = {node.name: tracer.declarations[node.name] for node in nodes}
    return Traced(_graph(tracer, outputs, nodes), declarations, frozenset(tracer.for_items))


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Problems by file and line, each once."""
    places = {
        problem: (problem.location.file, problem.location.line) if problem.location else ("", 0) for problem in problems
    }
    return tuple(sorted(places, key=lambda problem: places[problem]))


def _input(tracer: Tracer, name: str, port: Port | None) -> StandIn:
    if port is None:
        return tracer.poison()
    noted = tracer.scope.declared.signature.annotations.get(f"in:{name}")
    return StandIn(Origin(tracer, Use(node="", port=name), port, noted))


def _outputs(tracer: Tracer, value: Any) -> tuple[Output, ...]:
    """What gives each output; those that a mistake has hidden are left out."""
    values = [value] if is_standin(value) else list(value)
    pairs = zip(tracer.scope.declared.signature.outputs, values, strict=False)
    found = ((port, origin_of(each)) for port, each in pairs)
    return tuple(
        Output(port=port, use=origin.use, stream=_streams(tracer, origin)) for port, origin in found if origin.use
    )


def _streams(tracer: Tracer, origin: Origin) -> bool:
    """Whether the items of a returned value leave one by one: it is what a step yields, and nobody collected it."""
    node = tracer.nodes.get(origin.use.node) if origin.use else None
    return node is not None and node.step.yields and not node.mapped and not origin.collected


def _check(tracer: Tracer, outputs: Sequence[Output]) -> None:
    """Note what only the whole tells. A body that was not seen whole is not held to it."""
    declared, fn = tracer.scope.declared, tracer.scope.own()
    for written, location in tracer.switches.values():
        tracer.failed = True
        tracer.notes.note(joins.switch_open(len(written.cases)), declared.where, location)
    for each in outputs:
        if fn and not each.use.node:
            where = declared.where if declared.signature.result_class is None else f"{declared.where}.{each.port.name}"
            tracer.notes.note(whole.input_returned(each.use.port), where, sourcelines.last_return(fn))
    _check_streams(tracer, {each.use.node for each in outputs if each.stream})
    if not tracer.failed:
        tracer.notes.add(unused(tracer, (each.use for each in outputs)))


def _check_streams(tracer: Tracer, streams: set[str]) -> None:
    """Note where ``idle`` is asked for a step whose items do not leave one by one, and ``cache`` for one whose items do."""
    for name, node in () if tracer.failed else tracer.nodes.items():
        where = tracer.declarations[name].ref.target.partition(":")[2]
        if node.options.idle_s is not None and name not in streams:
            misfit = streams_rules.idle_stream(where, yields=node.step.yields)
            tracer.notes.note(misfit, where, tracer.sources[name])
        if node.options.cache and name in streams:
            tracer.notes.note(streams_rules.cache_stream(where), where, tracer.sources[name])


def _in_order(tracer: Tracer, outputs: Sequence[Output]) -> tuple[Node, ...]:
    """The nodes that reach an output, in the order they can run."""
    roots = [each.use for each in outputs]
    kept = live(tracer.nodes, roots)
    try:
        return ordered({name: node for name, node in tracer.nodes.items() if name in kept}, roots)
    except Entangled as tangle:
        told = [(node.join.kind, tracer.sources[node.name].line) for node in tangle.joins if node.join]
        misfit = joins.join_cycle(told, _decider(tracer, tangle.joins[0]))
        tracer.notes.note(misfit, tracer.scope.declared.where, tracer.sources[tangle.joins[0].name])
        return ()


def _decider(tracer: Tracer, join: Node) -> str:
    """The call of the step that a choice decides by, written as if it took an input of the dag."""
    step = tracer.nodes[join.on.node if join.on else ""]
    inputs, taken = tracer.scope.declared.signature.inputs, [each.port.type for each in step.inputs]
    given = next((each for each in inputs if each.type in taken), inputs[0])
    return f"{tracer.declarations[step.name].ref.target.partition(':')[2]}({given.name})"


def _graph(tracer: Tracer, outputs: Sequence[Output], nodes: tuple[Node, ...]) -> Graph:
    declared, dag = tracer.scope.declared, tracer.scope.dag
    return Graph(
        name=declared.name,
        target=declared.declaration.ref.target,
        inputs=declared.signature.inputs,
        outputs=tuple(outputs),
        nodes=nodes,
        deadline_s=None if dag.deadline is None else seconds(dag.deadline),
        sources={node.name: tracer.sources[node.name] for node in nodes},
    )


def run_plainly(dag: Dag[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run a dag on real values, in this process, step by step.

    Raises:
        DefinitionError: the dag is declared wrongly, or its module is being imported.
        TypeError: the arguments do not bind to its parameters.
    """
    if line := importing(dag.__module__):
        problem = whole.dag_at_import(dag.__name__).at(dag.__name__, line)
        found = attempt(dag)
        raise DefinitionError(in_order([problem, *(() if isinstance(found, Traced) else found)]))
    interpreter = dag.interpreter
    bound = inspect.signature(dag.fn).bind(*args, **kwargs)
    bound.apply_defaults()
    result = interpreter.run(bound.arguments)
    several = declared_of(dag).signature.result_class
    return several(**result) if several else result
