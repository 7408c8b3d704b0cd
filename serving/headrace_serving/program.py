"""What one served model runs, as data: written beside the model, read by whoever runs it. Loads nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from headrace_dags.gates import Gate
from headrace_dags.graph import Batching, Node
from headrace_dags.plan.model import Flow, Member, Plan, Streaming
from headrace_dags.record import Record
from headrace_serving.runtimes.contract import Workplace

FILE = "program.json"
"""Name of the file in the model's version folder."""

FORMAT: Literal["program/1"] = "program/1"
_PACKAGES = ("headrace", "headrace_dags", "headrace_serving")


class Program(Record):
    """The nodes of one model, and what they need to run.

    Attributes:
        name: the model's name.
        nodes: in topological order.
        inputs: values that come in.
        outputs: values that go out.
        batching: set where requests are batched.
        gates: when those nodes run that only a branch needs.
        stream: set where its only output leaves item by item.
        import_root: folder that user code is imported from.
        objects: root folder of the object store.
        path: folders that must be importable, most important first: the import root, where Headrace lies, and what
            ``PYTHONPATH`` adds.
    """

    format: Literal["program/1"] = FORMAT
    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[Flow, ...]
    outputs: tuple[Flow, ...]
    batching: Batching | None = None
    gates: dict[str, Gate] = {}
    stream: Streaming | None = None
    import_root: Path
    objects: Path
    path: tuple[str, ...]


def program(plan: Plan, name: str, member: Member, workplace: Workplace) -> Program:
    """The program of one member of a plan.

    Args:
        plan: where the member's nodes are described.
        name: the name of the model on its server.
        member: which nodes, and what they take and give.
        workplace: where user code and objects are.
    """
    root = workplace.import_root.absolute()
    return Program(
        name=name,
        nodes=tuple(plan.graph.by_name[node] for node in member.nodes),
        inputs=member.inputs,
        outputs=member.outputs,
        batching=member.batching,
        gates=member.gates,
        stream=member.stream,
        import_root=root,
        objects=workplace.objects.absolute(),
        path=tuple(dict.fromkeys((str(root), *(_folders() if workplace.path is None else workplace.path)))),
    )


def _folders() -> Iterator[str]:
    """Where our packages lie, and the driver's PYTHONPATH (stubs of Triton do not read it)."""
    for name in _PACKAGES:
        spec = find_spec(name)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            yield str(Path(location).parent)
    for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if folder:
            yield str(Path(folder).absolute())
