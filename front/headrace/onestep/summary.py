"""What a single node's run comes to: for a person as lines, for a program as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from headrace.cli.telling import failure_lines
from headrace.launch.summary import OutputFiles, saved_files, told_outputs
from headrace.onestep.execute import Ending, Workshop
from headrace.onestep.supply import Supply
from headrace.output.save import Index
from headrace.report.story import source_of
from headrace.terminal import Ink, duration
from headrace_dags.record import Record
from headrace_serving.failure import TaskFailure


class StepSummary(Record):
    """What ``headrace run --step --json`` prints.

    Attributes:
        run: the run whose values were taken.
        node: which node ran.
        item: which item of its mapped axis; -1 for all, or where nothing is mapped.
        before: nodes that ran before it, because the run had not recorded what they give.
        took_s: how long the node itself took; ``None`` where it did not begin.
        results: the folder its outputs were saved in; empty where there are none.
        given: where its inputs came from.
    """

    format: Literal["step-summary/1"] = "step-summary/1"
    run: str
    node: str
    item: int
    status: Literal["succeeded", "failed"]
    before: tuple[str, ...]
    took_s: float | None
    results: str
    outputs: tuple[OutputFiles, ...]
    given: str
    failure: TaskFailure | None = None


def summarise(needed: Supply, shop: Workshop, ending: Ending, results: Path, index: Index | None) -> StepSummary:
    """The summary of a node's run; ``index`` says what was saved in ``results``, if anything was."""
    item = -1 if shop.item is None else shop.item
    at = ending.failure.item if ending.failure else item
    return StepSummary(
        run=shop.record.run,
        node=needed.node.name,
        item=item,
        status="failed" if ending.failure else "succeeded",
        before=tuple(each.name for each in needed.before),
        took_s=ending.took_s,
        results=str(results) if index else "",
        outputs=tuple(saved_files(results, index)) if index else (),
        given=source_of(needed.node, at),
        failure=ending.failure,
    )


def lines(summary: StepSummary, paint: Ink) -> Iterator[str]:
    """What a person reads at the end."""
    place = f"item {summary.item} of " if summary.item >= 0 else ""
    took = f"in {duration(summary.took_s)} " if summary.took_s is not None else ""
    colour = "bad" if summary.failure else "good"
    head = f"{paint('strong', summary.node)} {paint(colour, summary.status)} {took}in this process"
    yield f"{head}, on {place}what run {summary.run} recorded"
    if summary.failure:
        own = summary.failure.node == summary.node
        yield from failure_lines(summary.failure, summary.given if own else "", paint)
        return
    yield ""
    yield from told_outputs(summary.results, summary.outputs, paint)
