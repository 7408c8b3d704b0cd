"""Open the dag that a command names, and plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.terminal import aside

if TYPE_CHECKING:
    from pathlib import Path

    from headrace_dags.graph import Graph
    from headrace_dags.plan.model import Plan, Target
    from headrace_dags.project.discover import Found


def open_dag(spec: str) -> Found:
    """The dag named ``FILE:DAG``, ``FILE`` or ``pkg.mod:DAG``, traced.

    What the file prints meanwhile is no result of a command.

    Raises:
        BadInput: there is no such file or dag, its import fails, or it is one of several.
        DefinitionError: the dag is declared wrongly.
    """
    from headrace_dags.project.discover import load

    with aside():
        found = load(spec)
        _ = found.dag.graph
    return found


def make_plan(found: Found, target: str, platform: str) -> Plan:
    """Plan a dag.

    Raises:
        PlanError: the target cannot run it, or there is no such platform.
    """
    return plan_of(found.dag.graph, found.import_root, target, platform)


def plan_of(graph: Graph, import_root: Path, target: str = "local", platform: str = "") -> Plan:
    """Plan a graph whose steps are imported from ``import_root``.

    Raises:
        PlanError: the target cannot run it, or there is no such platform.
    """
    from headrace_dags.plan.gather import gather
    from headrace_dags.plan.planner import plan

    return plan(graph, _target(target, platform), gather(graph, import_root))


def _target(kind: str, platform: str) -> Target:
    from headrace_dags.plan import targets

    if kind == "local":
        return targets.local()
    from headrace_modelmesh.catalogue import slices_of

    return targets.kubernetes(platform, slices_of(platform))
