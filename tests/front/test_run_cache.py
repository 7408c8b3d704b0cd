"""``cache=True`` from the command line: later runs are answered without the server, in process and on Triton."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.front.conftest import Project, Ran

from headrace.runs import weight

DAG = """\
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import headrace as hr

CALLS = Path(__file__).with_name("calls")


def called(name: str) -> None:
    with CALLS.open("a") as file:
        file.write(f"{name}\\n")


@hr.step
def words(text: hr.Text) -> Iterator[hr.Text]:
    yield from text.split()


@hr.step
def draw(word: hr.Text, size: int) -> hr.Png:
    called(f"draw {word}")
    if word == "boom":
        raise ValueError("a word that cannot be drawn")
    rows = b"".join(b"\\0" + bytes([len(word)]) * size for _ in range(size))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return hr.Png(b"\\x89PNG\\r\\n\\x1a\\n" + body + word.encode())


class Weigh(hr.StatefulBatch[hr.Png, int], size=2):
    def batch(self, items: hr.Batch[hr.Png]) -> hr.Batch[int]:
        for item in items:
            called(f"weigh {len(item.read())}")
        return [len(item.read()) for item in items]


@hr.step
def total(sizes: hr.Many[int]) -> int:
    return sum(sizes)


@hr.step
def first(pictures: hr.Many[hr.Png]) -> hr.Png:
    return pictures[0]


@hr.dag
def scene(text: hr.Text, size: int) -> hr.Png:
    return first(draw.with_(cache=True).map(words(text), size))


@hr.dag
def weights(text: hr.Text, size: int) -> int:
    return total(Weigh().with_(cache=True, isolate=True).map(draw.with_(cache=True).map(words(text), size)))


@hr.dag
def together(text: hr.Text, size: int) -> int:
    return total(Weigh().with_(cache=True).map(draw.with_(cache=True).map(words(text), size)))


@hr.step
def shout(text: hr.Text) -> hr.Text:
    called(f"shout {text}")
    return text.upper()


@hr.dag
def loud(text: hr.Text) -> hr.Text:
    return shout.with_(cache=True)(text)
"""


@pytest.fixture(params=["inprocess", "triton"])
def runtime(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def scenes(project: Project) -> Project:
    project.write("scenes.py", DAG)
    return project


def calls(project: Project) -> list[str]:
    """What steps were called with since the last look."""
    file = project.folder / "calls"
    found = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return sorted(found)


def run(project: Project, dag: str, runtime: str, *more: str, **environment: str) -> Ran:
    return project.headrace("run", f"scenes.py:{dag}", "--runtime", runtime, *more, **environment)


def answered(done: Ran, segment: str) -> tuple[int, int]:
    assert done.code == 0, done.err
    times: dict[str, Any] = next(each for each in done.json["timings"] if each["segment"] == segment)
    return times["cached"], times["calls"]


def test_media_are_drawn_once_for_all_runs_whatever_becomes_of_those(scenes: Project, runtime: str) -> None:
    given = ("-i", "size=3", "--json")
    done = run(scenes, "scene", runtime, "-i", "text=one three", *given)
    assert answered(done, "draw") == (0, 2)
    picture = Path(done.json["outputs"][0]["paths"][0]).read_bytes()
    assert calls(scenes) == ["draw one", "draw three"]

    assert scenes.headrace("clean", "--yes").code == 0
    done = run(scenes, "scene", runtime, "-i", "text=one five one three", *given)
    assert answered(done, "draw") == (3, 4)
    assert Path(done.json["outputs"][0]["paths"][0]).read_bytes() == picture
    assert calls(scenes) == ["draw five"]

    assert scenes.headrace("clean", "--cache", "--yes").code == 0
    assert scenes.headrace("report").code == 0, "the run keeps what it took of the cache"
    assert answered(run(scenes, "scene", runtime, "-i", "text=one", *given), "draw") == (0, 1)


def test_batches_and_steps_behind_a_cached_one(scenes: Project, runtime: str) -> None:
    first = run(scenes, "weights", runtime, "-i", "text=a bb ccc", "-i", "size=2", "--json")
    assert (answered(first, "draw"), answered(first, "weigh")) == ((0, 3), (0, 3))
    calls(scenes)
    second = run(scenes, "weights", runtime, "-i", "text=ccc dddd a bb", "-i", "size=2", "--json")
    assert (answered(second, "draw"), answered(second, "weigh")) == ((3, 4), (3, 4))
    assert [call.partition(" ")[0] for call in calls(scenes)] == ["draw", "weigh"]
    third = run(scenes, "weights", runtime, "-i", "text=a bb ccc", "-i", "size=2", "--json")
    assert third.json["outputs"][0]["value"] == first.json["outputs"][0]["value"]
    other = run(scenes, "weights", runtime, "-i", "text=a bb ccc", "-i", "size=9", "--json")
    assert answered(other, "draw") == (0, 3), "what all items share counts as well"


def test_steps_that_are_cached_alike_are_one_call(scenes: Project, runtime: str) -> None:
    first = run(scenes, "together", runtime, "-i", "text=a bb ccc", "-i", "size=2", "--json")
    assert answered(first, "draw-to-weigh") == (0, 3)
    calls(scenes)
    second = run(scenes, "together", runtime, "-i", "text=ccc dddd a bb", "-i", "size=2", "--json")
    assert answered(second, "draw-to-weigh") == (3, 4)
    assert [call.partition(" ")[0] for call in calls(scenes)] == ["draw", "weigh"]


def test_a_step_that_fails_is_called_again(scenes: Project, runtime: str) -> None:
    for _ in range(2):
        assert run(scenes, "scene", runtime, "-i", "text=boom", "-i", "size=1").code == 1
    assert calls(scenes) == ["draw boom"] * 2


def test_no_cache_neither_reads_nor_writes(scenes: Project) -> None:
    given = ("loud", "inprocess", "-i", "text=hey", "--json")
    for more, environment in ((("--no-cache",), {}), ((), {"HEADRACE_CACHE": "0"}), ((), {}), (("--no-cache",), {})):
        assert answered(run(scenes, *given, *more, **environment), "shout") == (0, 1)
    assert calls(scenes) == ["shout hey"] * 4
    assert answered(run(scenes, *given), "shout") == (1, 1)


def test_a_person_is_told(scenes: Project) -> None:
    given = ("scene", "inprocess", "-i", "size=3")
    run(scenes, *given, "-i", "text=one three")
    done = run(scenes, *given, "-i", "text=one two three")
    assert "From the cache  draw 2 of 3" in done.out
    assert re.search(r"draw done, .*, 2 of 3 from the cache", done.err)
    assert ", 2 from the cache, " in scenes.headrace("logs").out
    page = next(scenes.folder.glob(".headrace/runs/*/report.html")).parent.parent
    assert any("2 of 3 from the cache" in report.read_text() for report in page.glob("*/report.html"))


def test_other_code_is_another_result(scenes: Project) -> None:
    given = ("loud", "inprocess", "-i", "text=hey", "--json")
    assert answered(run(scenes, *given), "shout") == (0, 1)
    scenes.write("scenes.py", DAG.replace("text.upper()", "text.upper() + '!'"))
    done = run(scenes, *given)
    assert (answered(done, "shout"), done.json["outputs"][0]["value"]) == ((0, 1), "HEY!")
    scenes.write("scenes.py", DAG)
    assert answered(run(scenes, *given), "shout") == (1, 1)


def test_a_damaged_result_is_told_of(scenes: Project) -> None:
    given = ("loud", "inprocess", "-i", "text=hey")
    run(scenes, *given)
    (kept,) = scenes.folder.glob(".headrace/objects/cache/default/*/*/result")
    kept.write_bytes(b"?")
    done = run(scenes, *given)
    assert done.code == 0
    assert "a kept result of shout is no good: its checksum is not that of its content; it is made again" in done.err
    assert answered(run(scenes, *given, "--json"), "shout") == (1, 1)


def test_clean_tells_what_the_cache_held(scenes: Project) -> None:
    for text in ("a", "b"):
        run(scenes, "loud", "inprocess", "-i", f"text={text}")
    dry = scenes.headrace("clean", "--cache", "--dry-run", "--json").json
    assert (dry["results"], dry["removed"]) == (2, False)
    assert dry["bytes"] > 0
    assert scenes.headrace("clean", "--cache", "--older-than", "1d", "--json").json["results"] == 0
    done = scenes.headrace("clean", "--cache", "--yes")
    assert done.out.startswith("Removed 2 kept results, ")
    assert not (scenes.folder / ".headrace" / "objects" / "cache").exists()
    assert "Nothing to remove" in scenes.headrace("clean", "--cache").out
    assert len(list(scenes.folder.glob(".headrace/runs/*"))) == 2, "runs stay"


def test_a_file_that_stays_under_another_name_frees_nothing(tmp_path: Path) -> None:
    for name in ("one", "two", "kept"):
        (tmp_path / name).mkdir()
    medium = tmp_path / "one" / "medium"
    medium.write_bytes(bytes(1_000))
    (tmp_path / "two" / "medium").hardlink_to(medium)
    assert weight([tmp_path / "one", tmp_path / "two"]) == 1_000
    assert weight([tmp_path / "one"]) == 0
    (tmp_path / "kept" / "medium").hardlink_to(medium)
    assert weight([tmp_path / "one", tmp_path / "two"]) == 0


def test_room_is_a_limit(scenes: Project) -> None:
    for text in ("a", "b"):
        run(scenes, "loud", "inprocess", "-i", f"text={text * 40_000}", HEADRACE_CACHE="60k")
    assert scenes.headrace("clean", "--cache", "--dry-run", "--json").json["results"] == 1


def test_a_secret_is_in_no_key_and_a_run_says_so(scenes: Project) -> None:
    signed = """

class Sign(hr.Stateful):
    key: hr.Secret = hr.Secret("SIGNING_KEY")

    def __call__(self, text: hr.Text) -> hr.Text:
        return self.key.reveal()[0] + text


@hr.dag
def sign(text: hr.Text) -> hr.Text:
    return Sign().with_(cache=True)(text)
"""
    scenes.write("scenes.py", DAG + signed)
    done = [
        run(scenes, "sign", "inprocess", "-i", "text=hey", SIGNING_KEY=key) for key in ("first-secret", "other-secret")
    ]
    assert all("result: fhey" in each.out for each in done)
    reminder = "sign is cached and reads SIGNING_KEY: with another value of that it gives what it gave before."
    assert all(reminder in each.err for each in done)
    kept = scenes.folder.glob(".headrace/objects/cache/**/*")
    assert not any(b"secret" in file.read_bytes() for file in kept if file.is_file())


def test_one_step_alone_takes_no_flag_of_the_cache(scenes: Project) -> None:
    done = scenes.headrace("run", "scenes.py:loud", "--step", "shout", "--no-cache")
    assert done.code == 2
    assert "--step does not go with --no-cache" in done.err
