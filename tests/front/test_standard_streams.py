"""Whose words go where: results on the standard output and nothing else, and nothing that breaks who reads, or does not."""

from __future__ import annotations

import json
import os

import pytest
from tests.front.conftest import Project

PRINTING = """\
import headrace as hr

print("as it is imported")


@hr.step
def up(text: hr.Text) -> hr.Text:
    print("in a step")
    return text.upper()


@hr.dag
def printing(text: hr.Text) -> hr.Text:
    print("as it is traced")
    return up(text)
"""
STEERING = """\
from collections.abc import Iterator

import headrace as hr


@hr.step
def clear(text: hr.Text) -> Iterator[hr.Text]:
    yield "\\x1b[2Jclear"
    raise ValueError("\\x1b]0;title\\x07 at\\rstart\\nmore")


@hr.step
def one(text: hr.Text) -> hr.Text:
    return f"\\x1b[31m{text}\\x9b"


@hr.dag
def steering(text: hr.Text) -> hr.Many[hr.Text]:
    return clear(text)


@hr.dag
def told(text: hr.Text) -> hr.Text:
    return one(text)
"""
STRICT = {"PYTHONIOENCODING": "utf-8:strict"}
ODD = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    "words",
    [
        ("check", "printing.py", "--json"),
        ("check", "printing.py", "--format", "sarif"),
        ("plan", "printing.py", "--json"),
        ("config", "printing.py", "--json"),
        ("diff", "printing.py", "printing.py", "--json"),
        ("run", "printing.py", "--input", "text=a", "--runtime", "inprocess", "--json"),
    ],
    ids=lambda words: " ".join(words[::2]),
)
def test_what_user_code_prints_is_no_result(words: tuple[str, ...], project: Project) -> None:
    project.write("printing.py", PRINTING)
    done = project.headrace(*words)
    assert done.code == 0, done.err
    json.loads(done.out)
    assert "as it is imported" in done.err


def test_a_single_step_prints_no_result_either(project: Project) -> None:
    project.write("printing.py", PRINTING)
    project.headrace("run", "printing.py", "--input", "text=a", "--runtime", "inprocess")
    done = project.headrace("run", "printing.py", "--step", "up", "--json")
    assert done.json["status"] == "succeeded"
    assert "in a step" in done.err


@pytest.mark.parametrize("away", ["2>/dev/full", "2> >(exec true)", "2>&-"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "nowhere.py"), 2),
        (("check", "nowhere.py", "--json"), 2),
        (("check", "--bogus"), 2),
        (("plan", "loud.py", "--platform", "gke", "--target", "kubernetes"), 0),
    ],
    ids=["problem", "json", "usage", "fine"],
)
def test_the_exit_code_tells_where_nobody_reads_the_errors(
    words: tuple[str, ...], code: int, away: str, project: Project
) -> None:
    assert project.through(f'"$@" {away}', *words).code == code


def test_results_are_written_where_a_name_is_no_text(project: Project) -> None:
    project.write("printing.py", PRINTING)
    words = ("run", "printing.py", "--input", "text=a", "--runtime", "inprocess", "--out", ODD)
    assert project.headrace(*words, **STRICT).code == 0
    done = project.headrace(*words, "--json", **STRICT)
    assert (done.code, done.json["results"]) == (0, str(project.folder / ODD))
    assert (project.folder / ODD / "result.txt").read_text(encoding="utf-8") == "A"


def test_a_file_of_code_has_a_name_that_is_text(project: Project) -> None:
    project.write(f"{ODD}.py", PRINTING)
    done = project.headrace("plan", f"{ODD}.py", **STRICT)
    assert done.code == 2
    assert "[no-file]: expects a Python file, got a name that is not UTF-8. Rename it." in done.err


def test_what_a_step_says_does_not_steer_the_terminal(project: Project) -> None:
    project.write("steering.py", STEERING)
    words = ("--input", "text=a", "--runtime", "inprocess")
    done = project.headrace("run", "steering.py:steering", *words)
    logs = project.headrace("logs")
    assert done.code == 1
    assert r"[0]: \x1b[2Jclear" in done.err
    assert r"\x1b]0;title\x07 at\rstart" in done.err
    assert r"\x1b[2Jclear" in logs.out
    fine = project.headrace("run", "steering.py:told", *words)
    assert r"result: \x1b[31ma\x9b" in fine.out
    for said in (done.out, done.err, logs.out, fine.out, fine.err):
        assert not {"\x1b", "\x07", "\r", "\x9b"} & set(said)
