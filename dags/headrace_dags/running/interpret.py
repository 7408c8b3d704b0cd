"""Run a graph here and now, node after node: what a plain call of a dag does, and the oracle that runtimes are tested by."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from headrace_dags.declare.declaration import Declaration
from headrace_dags.errors import BadInput, Problem
from headrace_dags.gates import Gates
from headrace_dags.graph import RESULT, Graph, Port, Use
from headrace_dags.ports.constants import from_json
from headrace_dags.ports.values import ValueMisfit, check_value
from headrace_dags.record import canonical
from headrace_dags.running.bodies import Body, load, root_for
from headrace_dags.running.chain import Chain


def interpret(graph: Graph, inputs: Mapping[str, Any], declarations: Mapping[str, Declaration]) -> Any:
    """Run a graph on real values, one node at a time.

    Args:
        graph: the traced dag.
        inputs: a value for each input of the dag; those with a default may be left out.
        declarations: the declared steps, by the node's name.

    Returns:
        The value of the only output; a dictionary by name where there are several.

    Raises:
        BadInput: an input is missing, unknown or not what its port declares; nothing has run.
        NodeFailed: a node failed; its cause is the user's exception.
    """
    return Interpreter(graph, declarations).run(inputs)


class Interpreter:
    """A graph with all its steps loaded, for several runs; nodes that use one step in one configuration share it."""

    def __init__(self, graph: Graph, declarations: Mapping[str, Declaration]) -> None:
        self._graph = graph
        self._annotations = _annotations(graph, declarations)
        self._outputs = [output.port.name for output in graph.outputs]
        gates = Gates(graph).all() if any(node.join for node in graph.nodes) else {}
        self._call = Chain(graph.nodes, _bodies(graph, declarations), gates, settles=True).between(
            [Use(node="", port=port.name) for port in graph.inputs], [output.use for output in graph.outputs]
        )

    def run(self, inputs: Mapping[str, Any]) -> Any:
        """Run the graph once; see :func:`interpret`."""
        values = self._call(self._checked(inputs))
        return values[0] if self._outputs == [RESULT] else dict(zip(self._outputs, values, strict=True))

    def _checked(self, inputs: Mapping[str, Any]) -> list[Any]:
        """The inputs in the order of the ports and as those declare them, defaults filled in."""
        problems = self._unknown(inputs)
        values: list[Any] = []
        for port in self._graph.inputs:
            try:
                values.append(self._value(port, inputs))
            except ValueMisfit as misfit:
                write = f"Write {misfit.write}" if misfit.write else ""
                problems.append(
                    Problem("input-type", self._where(port.name), f"expects {misfit.expected}", misfit.got, write)
                )
            except KeyError:
                write = f"Give {port.name}=..."
                problems.append(Problem("input-missing", self._where(port.name), f"expects {port}", "nothing", write))
        if problems:
            raise BadInput(problems)
        return values

    def _value(self, port: Port, inputs: Mapping[str, Any]) -> Any:
        annotation = self._annotations.get(port.name)
        if port.name not in inputs and port.has_default:
            return from_json(port, annotation, port.default, many=port.many)
        value = inputs[port.name]
        return value if annotation is None else check_value(port, annotation, value)

    def _unknown(self, inputs: Mapping[str, Any]) -> list[Problem]:
        known = [port.name for port in self._graph.inputs]
        return [
            Problem(
                "input-unknown",
                self._where(name),
                f"expects one of {', '.join(known)}",
                repr(name),
                _meant(name, known),
            )
            for name in inputs
            if name not in known
        ]

    def _where(self, name: str) -> str:
        return f"{self._graph.name}.{name}"


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}" if close else "Leave it out"


def _bodies(graph: Graph, declarations: Mapping[str, Declaration]) -> dict[str, Body]:
    loaded: dict[bytes, Body] = {}
    steps = [node for node in graph.nodes if node.join is None]
    for node in steps:
        key, declaration = canonical(node.step), declarations[node.name]
        if key not in loaded:
            loaded[key] = load(declaration, model_root=root_for(declaration))
    return {node.name: loaded[canonical(node.step)] for node in steps}


def _annotations(graph: Graph, declarations: Mapping[str, Declaration]) -> dict[str, Any]:
    """The Python annotation of each input of the dag: that of a step which takes it, at best as the very same type."""
    types = {port.name: port.type for port in graph.inputs}
    found: dict[str, Any] = {}
    for node in graph.nodes:
        annotations = declarations[node.name].signature.annotations
        for each in node.inputs:
            if isinstance(each.binding, Use) and not each.binding.node:
                name, annotation = each.binding.port, annotations.get(f"in:{each.port.name}")
                if name not in found or each.port.type == types[name]:
                    found[name] = annotation
    return found
