"""The page of a run: made from the record alone, complete in itself, and never a way in for somebody's data."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.front.recorded import RUN, record

from headrace.report.embed import Budget
from headrace.report.jsontext import json_text
from headrace.report.story import tell
from headrace.report.write import write
from headrace.runs import State
from headrace_dags.errors import BadInput
from headrace_dags.media.handles import Blob, FileSource

VOID = {"meta", "img", "link", "br", "hr", "input", "source"}


class Page(HTMLParser):
    """Reads a page: its tags, texts and attributes; objects to a tag that is closed in the wrong place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def page(state: State, **how: str) -> Page:
    made = record(state, **how)
    return Page(write(state, made.folder.path).read_text(encoding="utf-8"))


def test_it_shows_the_whole_run(state: State) -> None:
    shown = page(state)
    titles = ["Results", "Inputs", "Graph", "Timeline", "Between the segments", "Why it is cut"]
    assert [text for text in shown.texts if text in titles] == titles
    assert {"lecture", "succeeded", RUN} <= set(shown.texts)
    assert "its items are mapped one by one" in shown.texts
    assert "3 of 3 tasks" in shown.text


def test_media_can_be_seen_and_heard(state: State) -> None:
    shown = page(state)
    assert len(shown.all("video")) == 1
    assert len(shown.all("audio")) == 2, "as a result, and between the segments"
    assert len(shown.all("img")) == 10
    assert all(each["src"].startswith("data:image/png;base64,") for each in shown.all("img"))


def test_it_needs_nothing_but_itself(state: State) -> None:
    shown = page(state)
    assert not {tag for tag, _ in shown.tags} & {"script", "link", "iframe", "object"}
    links = [value for _, attributes in shown.tags for key, value in attributes.items() if key in {"src", "href"}]
    assert links
    assert all(link.startswith("data:") for link in links)
    assert all("url(" not in text or "url(#" in text for text in shown.texts)


def test_data_are_never_markup(state: State) -> None:
    shown = page(state)
    assert not shown.all("mills")
    assert not shown.all("wheels")
    assert "On <mills> & water" in shown.text
    assert "water & <wheels>" in shown.text


def test_a_failure_comes_first_with_its_traceback(state: State) -> None:
    shown = page(state, failing="read")
    assert "failed" in shown.texts
    assert [text for text in shown.texts if text in {"Failure", "Inputs"}] == ["Failure", "Inputs"]
    assert "ValueError: a slide without <text>" in shown.text
    assert 'File "lecture.py", line 12, in read' in shown.text
    assert "lecture.py:12 · item 1" in shown.text
    assert "read was given frame = item 1 of frames.result" in shown.text
    classes = [attributes.get("class", "") for _, attributes in shown.tags]
    assert "box node bad" in classes
    assert "box node idle" in classes
    assert "bar compute bad" in classes


def test_bars_lie_on_the_clock(state: State) -> None:
    shown = page(state)
    for attributes in shown.all("span"):
        if attributes.get("class", "").startswith("bar"):
            found = re.fullmatch(r"left:([\d.]+)%;width:([\d.]+)%", attributes["style"])
            assert found
            assert 0 <= float(found[1]) <= 100
            assert float(found[1]) + float(found[2]) <= 100.01


def test_light_and_dark(state: State) -> None:
    style = next(text for text in page(state).texts if "--page" in text)
    assert "prefers-color-scheme:dark" in style


def test_objects_that_were_removed_are_said_to_be(state: State) -> None:
    made = record(state)
    shutil.rmtree(state.objects)
    shown = Page(write(state, made.folder.path).read_text(encoding="utf-8"))
    assert "succeeded" in shown.texts
    assert "Its objects have been removed." in shown.texts


def test_the_story_tells_times_and_tasks(state: State) -> None:
    story = tell(record(state, pace_s=0.01))
    assert story.status == "succeeded"
    assert story.took_s >= 0.03
    assert [(each.name, each.tasks, each.done) for each in story.segments] == [
        ("frames", 1, 1),
        ("sound", 1, 1),
        ("read", 3, 3),
        ("join", 1, 1),
    ]
    assert len(story.attempts) == 6


def test_a_run_that_was_killed_is_unfinished(state: State) -> None:
    made = record(state)
    made.folder.outcome.unlink()
    lines = made.folder.inbox.read_bytes().splitlines(keepends=True)
    made.folder.inbox.write_bytes(b"".join(lines[:4]) + lines[4][:20])
    story = tell(type(made).read(made.folder.path))
    assert story.status == "unfinished"
    assert Page(write(state, made.folder.path).read_text(encoding="utf-8")).all("svg")


def test_a_folder_without_a_record(state: State, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no-record"):
        write(state, tmp_path)


def test_what_is_small_is_inside_and_what_is_large_is_linked(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "runs" / "r")
    small, large = tmp_path / "small.mp4", tmp_path / "large.mp4"
    small.write_bytes(b"0" * 100)
    large.write_bytes(b"0" * 3_000_000)
    assert budget.handle(Blob(FileSource(small, "video/mp4"))).startswith("data:video/mp4;base64,")
    assert budget.handle(Blob(FileSource(large, "video/mp4"))) == "../../large.mp4"
    assert budget.data(b"0" * 3_000_000, "image/png") == ""


def test_json_is_broken_only_where_it_is_long() -> None:
    value = {"a": [1, 2], "b": {"c": "d" * 90}, "e": None}
    assert json_text(value) == f'{{\n  "a": [1, 2],\n  "b": {{\n    "c": "{"d" * 90}"\n  }},\n  "e": null\n}}'
    assert json_text([1, 2]) == "[1, 2]"
