"""Which of Triton's backends runs a model, and what one that runs a model file as it is cannot be given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from headrace_dags.errors import PlanError, Problem
from headrace_dags.graph import Form, Graph, Node
from headrace_dags.plan.model import Backend, Flow, Member, Segment, Target

_NATIVE: Mapping[Form, Backend] = MappingProxyType(
    {"onnx": "onnxruntime", "tensorrt": "tensorrt", "torchscript": "pytorch"}
)


def backend_of(node: Node, target: Target) -> Backend:
    """What runs the model whose first node is ``node``."""
    if node.step.form == "onnx" and target.onnx == "python":
        return "python"
    return _NATIVE.get(node.step.form, "python")


def refuse_backends(graph: Graph, segments: Iterable[Segment]) -> None:
    """Raise if a model file is to be fed with what its backend does not take: it knows one item, or batches of one shape.

    Raises:
        PlanError: with every problem of every model file.
    """
    native = (member for each in segments for member in each.members if member.backend != "python")
    if problems := tuple(problem for member in native for problem in _problems(graph, member)):
        raise PlanError(problems)


def _problems(graph: Graph, member: Member) -> Iterator[Problem]:
    node = graph.by_name[member.nodes[0]]
    by = f"Triton's {member.backend} backend"
    if node.tolerant is not None:
        expected = f"{by} cannot say which items of a batch failed"
        yield _problem(graph, node, expected, ".tolerant(...)", "Leave it out, or plan it for target local")
    if (node.mapped or node.step.batching) and not member.batching:
        expected = f"{by} takes one item, or batches of which every input is a part"
        yield _problem(graph, node, expected, _feeding(node), _advice(node))
        return
    for flow in (*member.inputs, *member.outputs):
        if not node.tolerant and (misfit := _misfit(flow)):
            yield _problem(graph, node, f"{by} takes and gives tensors of one shape", misfit, _FIX)


_FIX = "Give the port fixed sizes, and make them in a step before"


def _feeding(node: Node) -> str:
    return "many items, one by one" if not node.step.batching else "a value that all items of a batch share"


def _advice(node: Node) -> str:
    if not node.step.batching:
        return "Declare it with size=8 and hr.Batch"
    return "Give every parameter as hr.Batch, and map over each"


def _misfit(flow: Flow) -> str:
    return "" if flow.wire == "tensor" else f"{flow.type} of free sizes in {flow.use}"


def _problem(graph: Graph, node: Node, expected: str, got: str, write: str) -> Problem:
    return Problem("model-fed", node.name, expected, got, write, graph.sources.get(node.name))
