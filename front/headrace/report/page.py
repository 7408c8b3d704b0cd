"""The whole page: headline, failure, results, graph, timeline, what passed between segments, why it was cut."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from headrace.graph.drawing import Note, Tone
from headrace.graph.sketch import sketch
from headrace.graph.svg import picture
from headrace.held import Held, Values
from headrace.progress.words import word
from headrace.report.element import el, html
from headrace.report.embed import Budget
from headrace.report.losses import without
from headrace.report.media import shown
from headrace.report.story import Story, given
from headrace.report.style import STYLE
from headrace.report.timeline import timeline
from headrace.terminal import duration
from headrace_serving.objects.contract import ObjectStore

_ITEMS = 24
"""Items of one value that are shown."""


def page(story: Story, store: ObjectStore, folder: Path) -> str:
    """The page of a run as HTML.

    Args:
        story: of the run.
        store: holds its objects.
        folder: where the page will lie.
    """
    values, budget = Values(story.record, store, _ITEMS), Budget(folder)
    body = (
        _headline(story),
        _failure(story),
        _values("Results", values.outputs(), budget),
        without(story, store),
        _values("Inputs", values.inputs(), budget),
        _section(
            "Graph", el("div", "scroll", picture(sketch(story.record.plan.graph, story.record.plan, notes(story))))
        ),
        _section("Timeline", timeline(story)),
        _values("Between the segments", values.between(), budget),
        _cuts(story),
        _foot(story),
    )
    head = el(
        "head",
        "",
        el("meta", "", charset="utf-8"),
        el("meta", "", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", "", f"{story.dag}: {story.status}"),
        el("style", "", STYLE),
    )
    return html(el("html", "", head, el("body", "", el("main", "", *body)), lang="en"))


def notes(story: Story) -> Mapping[str, Note]:
    """What the run says of each segment and node."""
    found: dict[str, Note] = {}
    for segment in story.segments:
        tone: Tone = "bad" if segment.failed else "plain" if segment.started_s is not None else "idle"
        took = duration(segment.ended_s - segment.started_s) if segment.started_s and segment.ended_s else ""
        state = word(segment.how) if segment.how in {"skipped", "failed", "stopped"} else ""
        found[f"segment:{segment.name}"] = Note(", ".join(filter(None, (state, took))), tone)
        found |= {node: Note(tone="idle" if tone == "idle" else "plain") for node in segment.nodes}
        if segment.failed and segment.failure:
            found[segment.failure.node] = Note(tone="bad")
    if story.failure and story.failure.node:
        found[story.failure.node] = Note(tone="bad")
    return found


def _headline(story: Story) -> ET.Element:
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(story.begun_at_s))
    tasks = sum(segment.done for segment in story.segments)
    facts = (duration(story.took_s), f"{len(story.segments)} segments", f"{tasks} tasks", began)
    title = el("h1", "", story.dag, el("span", f"chip {story.status}", story.status))
    return el("header", "", title, el("p", "soft", " · ".join(facts)), el("p", "soft mono", story.record.run))


def _failure(story: Story) -> ET.Element | None:
    if story.failure is None:
        return None
    failure = story.failure
    where = ".".join(part for part in (failure.node, failure.port) if part) or "the run"
    facts = [failure.location, f"item {failure.item}" if failure.item >= 0 else "", str(story.failed_task or "")]
    trace = el("pre", "code", failure.traceback.rstrip()) if failure.traceback else None
    inputs = el("p", "soft", f"{failure.node} was given {given(story)}") if given(story) else None
    told = (el("p", "", el("b", "", f"{where}: "), failure.message), inputs, trace)
    return el("section", "failure", el("h2", "", "Failure"), *told, el("p", "soft", " · ".join(filter(None, facts))))


def _values(title: str, values: Iterable[Held], budget: Budget) -> ET.Element | None:
    found = [shown(held, budget) for held in values]
    return _section(title, *found) if found else None


def _cuts(story: Story) -> ET.Element | None:
    reasons = story.record.plan.reasons
    if not reasons:
        return None
    rows = [
        el("tr", "", el("td", "mono", f"{each.producer or 'input'} → {each.consumer}"), el("td", "", each.text))
        for each in reasons
    ]
    return _section("Why it is cut", el("table", "", *rows))


def _section(title: str, *content: ET.Element) -> ET.Element:
    return el("section", "", el("h2", "", title), *content)


def _foot(story: Story) -> ET.Element:
    plan = story.record.plan
    return el("footer", "soft", f"plan {plan.digest[:12]} · graph {plan.graph.digest[:12]} · Headrace")
