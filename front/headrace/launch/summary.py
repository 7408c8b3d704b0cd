"""What a finished run comes to: for a person as lines, for a program as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from headrace.launch.runtime import Chosen
from headrace.output.save import Index
from headrace.progress.words import lost, why, word
from headrace.report.story import Story, given
from headrace.terminal import Ink, clipped, duration, legible, near, size, table
from headrace_dags.record import Record
from headrace_events.engine.progress import How
from headrace_serving.failure import TaskFailure

_LONGEST_SHOWN = 400
_LONGEST_NODES = 40


class SegmentTimes(Record):
    """Where the time of one segment went: sums over its tasks, in seconds; ``wall_s`` is from its first task to its last.

    Attributes:
        how: how it went.
        lost: how many items of a tolerant map it lost.
        failure: how the first of them was, or why the segment gave nothing, in a line.
        cached: how many of its ``calls`` were answered from the cache; a call is an item of a mapped axis, or all of a segment
            that runs once.
    """

    segment: str
    nodes: tuple[str, ...]
    tasks: int
    calls: int
    cached: int
    retries: int
    wall_s: float
    how: How = "done"
    lost: int = 0
    failure: str = ""
    queue_s: float
    fetch_s: float
    compute_s: float
    publish_s: float


class OutputFiles(Record):
    """One output: absolute paths of its files, and the value itself where it is text or JSON and small.

    Attributes:
        missing: the items that are nothing, by number.
    """

    name: str
    type: str
    many: bool
    items: int
    paths: tuple[str, ...]
    media_types: tuple[str, ...]
    missing: tuple[int, ...] = ()
    value: JsonValue = None


class Summary(Record):
    """What ``headrace run --json`` prints.

    Attributes:
        notice: what one must know of the runtime; empty for Triton.
        results: the folder they were saved in; empty where there are none.
        report: path of the run's page; empty where it could not be written.
        given: what the node that failed was given; empty where none failed.
    """

    format: Literal["run-summary/1"] = "run-summary/1"
    run: str
    dag: str
    status: str
    runtime: str
    notice: str
    took_s: float
    results: str
    outputs: tuple[OutputFiles, ...]
    timings: tuple[SegmentTimes, ...]
    report: str
    failure: TaskFailure | None = None
    given: str = ""


def summarise(story: Story, runtime: Chosen, report: Path | None, results: Path, index: Index | None) -> Summary:
    """The summary of a recorded run; ``index`` says what was saved in ``results``, if anything was."""
    outputs = tuple(saved_files(results, index)) if index else ()
    return Summary(
        run=story.record.run,
        dag=story.dag,
        status=story.status,
        runtime=runtime.name,
        notice=runtime.banner,
        took_s=story.took_s,
        results=str(results) if index else "",
        outputs=outputs,
        timings=tuple(_times(story)),
        report=str(report or ""),
        failure=story.failure,
        given=given(story),
    )


def lines(summary: Summary, paint: Ink) -> Iterator[str]:
    """What a person reads at the end of a run that succeeded."""
    took = f"in {duration(summary.took_s)} on {summary.runtime}"
    yield f"{paint('strong', summary.dag)} {paint('good', summary.status)} {took}, run {summary.run}"
    yield ""
    if summary.results:
        yield from told_outputs(summary.results, summary.outputs, paint)
        yield ""
    yield from _told_times(summary, paint)
    yield from _told_losses(summary, paint)
    yield from _told_cached(summary, paint)
    if summary.report:
        yield ""
        yield f"{paint('strong', 'Report')}  {near(summary.report)}"


def told_outputs(results: str, outputs: Sequence[OutputFiles], paint: Ink) -> Iterator[str]:
    """Where the outputs were saved, and those that are a short text."""
    yield f"{paint('strong', 'Results')}  {near(results)}"
    yield table([(each.name, each.type, _places(each, Path(results))) for each in outputs])
    for each in outputs:
        if isinstance(each.value, str) and 0 < len(each.value) <= _LONGEST_SHOWN:
            yield f"  {paint('name', each.name)}: {legible(each.value, lines=True)}"


def _places(output: OutputFiles, folder: Path) -> str:
    """Its files; a folder where they are many; nothing where there is none."""
    if output.many:
        items = f"{output.items} item{'s' if output.items != 1 else ''}"
        return (
            f"{output.name}/ ({items}, {len(output.missing)} nothing)"
            if output.missing
            else f"{output.name}/ ({items})"
        )
    if output.missing:
        return "nothing"
    paths = [Path(path) for path in output.paths]
    return ", ".join(f"{path.relative_to(folder)} ({size(path.stat().st_size)})" for path in paths)


def saved_files(results: Path, index: Index) -> Iterator[OutputFiles]:
    """What was saved in ``results``, with absolute paths."""
    for saved in index.outputs:
        yield OutputFiles(
            name=saved.name,
            type=saved.type,
            many=saved.many,
            items=saved.items,
            paths=tuple(str(results / file.path) for file in saved.files),
            media_types=tuple(file.media_type for file in saved.files),
            missing=saved.missing,
            value=saved.value,
        )


def _times(story: Story) -> Iterator[SegmentTimes]:
    for segment in story.segments:
        wall = (segment.ended_s or 0.0) - segment.started_s if segment.started_s and segment.ended_s else 0.0
        timing = segment.timing.model_dump()
        yield SegmentTimes(
            segment=segment.name,
            nodes=segment.nodes,
            tasks=segment.done,
            calls=segment.calls,
            cached=segment.cached,
            retries=segment.retries,
            wall_s=wall,
            how=segment.how,
            lost=segment.lost,
            failure=why(segment),
            **timing,
        )


def _told_times(summary: Summary, paint: Ink) -> Iterator[str]:
    """Where the time went: how long each segment had work, and what a task of it waited for."""
    yield f"{paint('strong', 'Where the time went')}  WALL from a segment's first task to its last, the rest on average a task"
    title = ("SEGMENT", "NODES", "TASKS", "WALL", "QUEUED", "FETCHED", "COMPUTED", "PUBLISHED")
    yield table([title, *(_row(each, summary.took_s) for each in summary.timings)])


def _told_cached(summary: Summary, paint: Ink) -> Iterator[str]:
    """How many calls were answered from the cache, by segment."""
    if kept := [each for each in summary.timings if each.cached]:
        yield ""
        told = ", ".join(f"{each.segment} {each.cached} of {each.calls}" for each in kept)
        yield f"{paint('strong', 'From the cache')}  {told}"


def _told_losses(summary: Summary, paint: Ink) -> Iterator[str]:
    """What the run did without: items of tolerant maps, values that joins absorb."""
    rows = [
        (each.segment, f"{lost(each.lost)}, the first: {each.failure}" if each.lost else f"failed: {each.failure}")
        for each in summary.timings
        if each.failure and (each.lost or each.how == "failed")
    ]
    if rows:
        yield ""
        yield f"{paint('strong', 'What it did without')}"
        yield table(rows)


def _row(times: SegmentTimes, took_s: float) -> tuple[str, ...]:
    shown = clipped(" ".join(times.nodes), _LONGEST_NODES)
    if not times.tasks:
        return (times.segment, shown, "0" if times.how == "done" else word(times.how), "-", "-", "-", "-", "-")
    share = f" ({times.wall_s / took_s:.0%})" if took_s else ""
    sums = (times.queue_s, times.fetch_s, times.compute_s, times.publish_s)
    means = (duration(each / times.tasks) for each in sums)
    tasks = str(times.tasks) if times.how == "done" else f"{times.tasks}, {word(times.how)}"
    return (times.segment, shown, tasks, f"{duration(times.wall_s)}{share}", *means)
