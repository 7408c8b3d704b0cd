"""Several plans on one server: its start costs more than the runs."""

from collections.abc import Sequence
from pathlib import Path

from tests.equivalence.running import Came, Case

from headrace_dags.graph import Graph
from headrace_dags.plan.model import Plan
from headrace_dags.plan.targets import local
from headrace_serving.cache.executor import CachingExecutor
from headrace_serving.cache.limits import Limits
from headrace_serving.cache.store import ResultStore
from headrace_serving.objects.file import FileStore
from headrace_serving.runtimes.contract import Executor, Workplace
from headrace_serving.runtimes.triton import TritonExecutor


def place(root: Path) -> Workplace:
    """Where the steps in ``root`` are served."""
    return Workplace(import_root=root, objects=root / "state" / "objects", scratch=root / "scratch")


def caching(executor: Executor, plan: Plan, workplace: Workplace) -> CachingExecutor:
    """The executor with a cache before it, which must be sound."""

    def note(text: str) -> None:
        raise AssertionError(text)

    return CachingExecutor(executor, plan, ResultStore(FileStore(workplace.objects), "local", Limits(), note))


async def on_one_server(cases: Sequence[Case], workplace: Workplace) -> list[list[Came]]:
    """Load the models of all cases, then run them one after another, each twice: what is cached is there by then."""
    nodes = tuple(node for case in cases for node in case.plan.graph.nodes)
    graph = Graph(name="all", target="", inputs=(), outputs=(), nodes=nodes)
    segments = tuple(segment for case in cases for segment in case.plan.segments)
    plan = Plan(graph=graph, target=local(), segments=segments)
    async with caching(TritonExecutor(plan, workplace), plan, workplace) as executor:
        return [[await case.on(executor, workplace) for _ in range(2)] for case in cases]
