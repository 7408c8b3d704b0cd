"""Open the dag that a command names, and plan it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace_dags.plan.model import Plan, Target
    from headrace_dags.project.discover import Found


def open_dag(spec: str) -> Found:
    """The dag named ``FILE:DAG``, ``FILE`` or ``pkg.mod:DAG``.

    Raises:
        BadInput: there is no such file or dag, its import fails, or it is one of several.
    """
    from headrace_dags.project.discover import load

    return load(spec)


def make_plan(found: Found, target: str, platform: str) -> Plan:
    """Trace a dag and plan it.

    Raises:
        DefinitionError: the dag is declared wrongly.
        PlanError: the target cannot run it, or there is no such platform.
    """
    from headrace_dags.plan.gather import gather
    from headrace_dags.plan.planner import plan

    graph = found.dag.graph
    return plan(graph, _target(target, platform), gather(graph, found.import_root))


def _target(kind: str, platform: str) -> Target:
    from headrace_dags.plan import targets

    if kind == "local":
        return targets.local()
    from headrace_modelmesh.catalogue import slices_of

    return targets.kubernetes(platform, slices_of(platform))
