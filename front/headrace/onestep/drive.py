"""From what the command line asks for to what a single node gave: find dag, run and node, run it, save, sum up."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path

from headrace.cli.again import Step
from headrace.cli.opening import open_dag
from headrace.disk import look_at
from headrace.onestep.debugger import Debugger
from headrace.onestep.execute import Ending, Workshop, execute
from headrace.onestep.summary import StepSummary, summarise
from headrace.onestep.supply import Supply, node_of, supply
from headrace.output.save import ELSEWHERE, Index, save
from headrace.runs import Past, State, find, past
from headrace.settings import resolve
from headrace.terminal import aside, remark
from headrace_dags.errors import BadInput, Problem
from headrace_dags.graph import Graph, Node
from headrace_events.engine.readback import RunRecord


def run_step(wanted: Step) -> StepSummary:
    """Run one node on what an earlier run recorded, and save what it gives.

    Raises:
        BadInput: there is no such dag, run, node, item, or recorded value.
        DefinitionError: the dag is declared wrongly.
        EnvironmentLack: the results have no place.
    """
    found = open_dag(wanted.spec)
    graph, settings = found.dag.graph, resolve(found.import_root, {"state": wanted.state})
    node, state = node_of(graph, wanted.node), State(settings.state)
    _require_mapped(node, wanted.item)
    record = RunRecord.read(_run_of(graph, state, wanted.run).folder)
    needed = supply(graph, node, record)
    out = (wanted.out or settings.results / f"{record.run}.{node.name}").absolute()
    look_at(out, "results", ELSEWHERE)
    if not wanted.quiet:
        _say_before(needed)
    with tempfile.TemporaryDirectory(prefix="headrace-step-") as made:
        debugger = Debugger(wanted.pdb)
        shop = Workshop(record, found.import_root, state.objects, Path(made), debugger, wanted.item)
        with nullcontext() if wanted.pdb else aside():  # a debugger talks on the standard output
            ending = execute(needed, shop)
        return summarise(needed, shop, ending, out, _saved(ending, out, record.run, graph.name))


def _saved(ending: Ending, out: Path, run: str, dag: str) -> Index | None:
    return save(out, run, dag, ending.outputs) if ending.failure is None else None


def _say_before(needed: Supply) -> None:
    if needed.before:
        names = ", ".join(each.name for each in needed.before)
        remark(f"Running {names} before {needed.node.name}: inside a segment nothing is recorded.")


def _require_mapped(node: Node, item: int | None) -> None:
    if item is not None and not node.mapped:
        expected = "expects a mapped node, which takes an item at a time"
        raise BadInput(Problem("no-item", f"--item {item}", expected, node.name, "Leave --item out"))


def _run_of(graph: Graph, state: State, text: str | None) -> Past:
    """The run whose values are taken.

    Raises:
        BadInput: there is none, or it is of another dag.
    """
    if text is not None:
        run = find(state, text)
        if (dag := _dag_of(run)) != graph.target:
            write = "Name a run of this dag, or leave --from out for its newest"
            raise BadInput(
                Problem("other-dag", f"--from {text}", f"is a run of {graph.target}", f"one of {dag}", write)
            )
        return run
    for run in past(state):
        if _dag_of(run) == graph.target:
            return run
    write = "Start one with `headrace run`, or name its folder with --state"
    raise BadInput(Problem("no-run", str(state.root), f"holds a run of {graph.target}", "none", write))


def _dag_of(run: Past) -> str:
    """The dag of a recorded run, as ``module:qualname``; empty where that cannot be told."""
    try:
        return str(json.loads((run.folder / "plan.json").read_bytes())["graph"]["target"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
