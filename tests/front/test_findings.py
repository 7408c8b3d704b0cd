"""Mistakes in the forms that forges and editors read."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from headrace.cli import cli
from headrace.cli.findings import github
from headrace_dags.errors import Location, Problem

BAD = """import headrace as hr


@hr.step
def shout(text: hr.Text) -> hr.Text:
    return text.upper()


@hr.dag
def loud(texts: hr.Many[hr.Text]) -> hr.Text:
    return shout(texts)
"""


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "found.py").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return "found.py"


def check(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["check", *words], standalone_mode=False)
    return done.return_value, done.output


def test_github_puts_a_mistake_beside_its_line(bad: str) -> None:
    code, said = check(bad, "--format", "github")
    assert code == 2
    assert said.startswith(
        "::error file=found.py,line=11,title=shout.text [many-needs-map]::expects one Text, got Many[Text]"
    )
    assert said.count("\n") == 1


def test_github_escapes_what_would_end_a_command() -> None:
    problem = Problem("x", "a,b:c", "50% of\nall", location=None)
    assert github([problem]) == "::error title=a%2Cb%3Ac [x]::50%25 of%0Aall.\n"
    there = Problem("x", "a", "b", location=Location("/else/where.py", 3))
    assert github([there]) == "::error file=/else/where.py,line=3,title=a [x]::b.\n"


def test_sarif_names_rule_file_and_line(bad: str) -> None:
    code, said = check(bad, "--format", "sarif")
    log = json.loads(said)
    (run,) = log["runs"]
    (result,) = run["results"]
    assert (code, log["version"]) == (2, "2.1.0")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["many-needs-map"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("many-needs-map", 0, "error")
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "found.py"}, "region": {"startLine": 11}}


def test_a_good_file_gives_an_empty_log(bad: str) -> None:
    Path(bad).write_text(BAD.replace("shout(texts)", "shout(texts)").replace("hr.Many[hr.Text]", "hr.Text"))
    code, said = check(bad, "--format", "sarif")
    assert (code, json.loads(said)["runs"][0]["results"]) == (0, [])
