"""Mistakes in the forms that forges and editors read."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from headrace import __version__
from headrace.cli import cli, invoke
from headrace.cli.findings import github, sarif
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
    assert place == {"artifactLocation": {"uri": "found.py", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 11}}


def test_sarif_has_what_the_schema_asks_for(bad: str) -> None:
    log = json.loads(check(bad, "--format", "sarif")[1])
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("headrace", __version__)
    for rule in driver["rules"]:
        texts = [rule["shortDescription"], rule["fullDescription"], rule["help"]]
        assert all(each["text"].endswith(".") for each in texts)
        assert rule["help"]["markdown"].count("```python\n") == 2
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 2}]
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{Path.cwd().as_uri()}/"
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        for place in result["locations"]:
            assert place["logicalLocations"] == [{"fullyQualifiedName": "shout.text"}]
            uri = urlsplit(place["physicalLocation"]["artifactLocation"]["uri"])
            assert not uri.scheme
            assert not uri.path.startswith("/")
            assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_files_in_sarif_are_uris() -> None:
    problems = [Problem("no-file", "a", "b", location=Location(file, 1)) for file in ("a b/ü#.py", "/else/a b.py")]
    results = json.loads(sarif(problems, "1", 2))["runs"][0]["results"]
    artifacts = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in results]
    assert artifacts == [
        {"uri": "a%20b/%C3%BC%23.py", "uriBaseId": "%SRCROOT%"},
        {"uri": "file:///else/a%20b.py"},
    ]


def test_a_file_that_cannot_be_imported_is_a_finding(bad: str) -> None:
    Path(bad).write_text("import headrace as hr\n\nprice = 1 / 0\n")
    code, said = check(bad, "--format", "github")
    assert code == 2
    assert said.startswith("::error file=found.py,line=3,title=found.py [import-failed]::cannot be imported")
    code, said = check("nowhere.py", "--format", "sarif")
    (result,) = json.loads(said)["runs"][0]["results"]
    assert (code, result["ruleId"]) == (2, "no-file")
    assert result["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "nowhere.py"}]}]


@pytest.mark.parametrize("words", [("--json",), ("--format", "json"), ("--format=json",)])
def test_json_has_a_long_form(words: tuple[str, ...], bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(bad, *words)
    (problem,) = json.loads(said)["problems"]
    assert (code, problem["code"]) == (2, "many-needs-map")
    assert invoke(["check", "nowhere.py", *words]) == 2
    assert json.loads(capsys.readouterr().err)["problems"][0]["code"] == "no-file"


def test_a_good_file_gives_an_empty_log(bad: str) -> None:
    Path(bad).write_text(BAD.replace("shout(texts)", "shout(texts)").replace("hr.Many[hr.Text]", "hr.Text"))
    code, said = check(bad, "--format", "sarif")
    assert (code, json.loads(said)["runs"][0]["results"]) == (0, [])
