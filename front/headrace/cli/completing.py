"""What a shell is offered for a run or a node. Reads records alone: no code of the user runs while somebody types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from click.shell_completion import CompletionItem

from headrace_dags.errors import HeadraceError

_MOST_RUNS = 20


def runs(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The newest runs, with their dags."""
    return [
        CompletionItem(run, help=graph.get("name", ""))
        for run, graph in _recorded(context)
        if run.startswith(typed) or run.partition("-")[2].startswith(typed)
    ]


def nodes(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The nodes of the run that is named, else of the newest."""
    named = context.params.get("earlier") or context.params.get("run") or ""
    graphs = [graph for run, graph in _recorded(context) if run.startswith(named)]
    names = [str(node["name"]) for node in graphs[0].get("nodes", ())] if graphs else []
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _recorded(context: click.Context) -> Iterator[tuple[str, dict[str, Any]]]:
    from headrace.cli.options import state_here
    from headrace.runs import past

    try:
        found = past(state_here(context.params.get("state")))[:_MOST_RUNS]
        for run in found:
            yield run.id, json.loads((run.folder / "plan.json").read_bytes())["graph"]
    except (HeadraceError, OSError, ValueError, KeyError):  # a shell shows nothing then
        return
