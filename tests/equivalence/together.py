"""Several plans on one server: its start costs more than the runs."""

from collections.abc import Sequence
from pathlib import Path

from tests.equivalence.running import Came, Case

from headrace_dags.graph import Graph
from headrace_dags.plan.model import Plan
from headrace_dags.plan.targets import local
from headrace_serving.runtimes.contract import Workplace
from headrace_serving.runtimes.triton import TritonExecutor


def place(root: Path) -> Workplace:
    """Where the steps in ``root`` are served."""
    return Workplace(import_root=root, objects=root / "state" / "objects", scratch=root / "scratch")


async def on_one_server(cases: Sequence[Case], workplace: Workplace) -> list[Came]:
    """Load the models of all cases, then run them one after another."""
    nodes = tuple(node for case in cases for node in case.plan.graph.nodes)
    graph = Graph(name="all", target="", inputs=(), outputs=(), nodes=nodes)
    segments = tuple(segment for case in cases for segment in case.plan.segments)
    async with TritonExecutor(Plan(graph=graph, target=local(), segments=segments), workplace) as executor:
        return [await case.on(executor, workplace) for case in cases]
