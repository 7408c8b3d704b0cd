"""``headrace init``: the project it writes is checked, tested and run as it stands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from tests.front.conftest import Project

from headrace.cli.run import command as run
from headrace.settings import SETTINGS

FILES = [
    ".env.example",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".vscode/launch.json",
    ".vscode/tasks.json",
    "README.md",
    "postcard.py",
    "pyproject.toml",
    "sunset.png",
    "tests/test_postcard.py",
]
MISTAKES = """\
import headrace as hr


@hr.step
def one(x: bytes) -> int:
    return 1


@hr.dag
def two(x: hr.Text, y: hr.Text) -> int:
    return one(x)
"""


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_project_runs(tmp_path: Path) -> None:
    done = Project(tmp_path).headrace("init", "hello")
    assert done.code == 0
    assert "headrace run postcard.py --input picture=@sunset.png" in done.out
    assert written(tmp_path / "hello") == FILES

    hello = Project(tmp_path / "hello")
    assert hello.headrace("check", "postcard.py").out == "postcard.py: no mistakes\n"
    ran = hello.headrace(
        "run",
        "postcard.py",
        "--input",
        "picture=@sunset.png",
        "--input",
        "title=Dusk",
        "--runtime",
        "inprocess",
        "--json",
    )
    assert ran.code == 0, ran.err
    outputs = {each["name"]: each for each in ran.json["outputs"]}
    assert outputs["caption"]["value"] == "Dusk: rust, peach, plum, from top to bottom."
    assert outputs["small"]["items"] == 3
    assert all(Path(path).stat().st_size for each in outputs.values() for path in each["paths"])


def test_its_tests_pass(tmp_path: Path) -> None:
    Project(tmp_path).headrace("init", "hello")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error::SyntaxWarning"]
    done = subprocess.run(command, cwd=tmp_path / "hello", capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    done = Project(tmp_path).headrace("init")
    assert done.code == 2
    assert "[init-there]" in done.err
    assert "README.md" in done.err
    assert written(tmp_path) == ["README.md"]


def test_the_name_is_that_of_the_folder_or_as_said(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.headrace("init", "my cards")
    project.headrace("init", "other", "--name", "greeting-cards")
    assert 'name = "my-cards"' in (tmp_path / "my cards" / "pyproject.toml").read_text(encoding="utf-8")
    assert "# greeting-cards" in (tmp_path / "other" / "README.md").read_text(encoding="utf-8")


def test_a_name_that_is_none(tmp_path: Path) -> None:
    done = Project(tmp_path).headrace("init", "other", "--name", "a/b")
    assert done.code == 2
    assert "[init-name]" in done.err
    assert not (tmp_path / "other").exists()


def of_vscode(tmp_path: Path, name: str) -> Any:
    Project(tmp_path).headrace("init", "hello")
    return json.loads((tmp_path / "hello" / ".vscode" / name).read_text(encoding="utf-8"))


def test_the_problem_matcher_reads_what_check_prints(tmp_path: Path) -> None:
    pattern = of_vscode(tmp_path, "tasks.json")["tasks"][0]["problemMatcher"]["pattern"]
    hello = Project(tmp_path / "hello")
    hello.write("steps/wrong.py", MISTAKES)
    hello.write("broken.py", "def f(:\n")
    said = hello.headrace("check", "steps/wrong.py", NO_COLOR="1").out.splitlines()
    *mistakes, verdict = [re.fullmatch(pattern["regexp"], line) for line in said]
    assert verdict is None, "the last line is no problem"
    assert len(mistakes) >= 2
    told = {(each[pattern["file"]], int(each[pattern["line"]]), each[pattern["code"]]) for each in mistakes if each}
    assert len(told) == len(mistakes)
    assert ("steps/wrong.py", 5, "port-bytes") in told
    broken = hello.headrace("check", "broken.py", NO_COLOR="1").err.splitlines()
    (match,) = [found for line in broken if (found := re.fullmatch(pattern["regexp"], line))]
    assert (match[pattern["file"]], match[pattern["line"]], match[pattern["code"]]) == (
        "broken.py",
        "1",
        "import-failed",
    )


def test_the_tasks_and_launches_are_commands_that_there_are(tmp_path: Path) -> None:
    tasks, launches = of_vscode(tmp_path, "tasks.json")["tasks"], None
    launches = json.loads((tmp_path / "hello" / ".vscode" / "launch.json").read_text(encoding="utf-8"))
    options = {name for parameter in run.params for name in parameter.opts}
    told = [each["args"][2:] for each in tasks[1:]] + [each["args"] for each in launches["configurations"]]
    assert [words[0] for words in told] == ["run"] * len(told)
    assert {word for words in told for word in words if word.startswith("--")} <= options
    assert [each["args"][:3] for each in tasks] == [["-m", "headrace", "check"], ["-m", "headrace", "run"]]
    ran = Project(tmp_path / "hello").headrace(*launches["configurations"][0]["args"])
    assert ran.code == 0, ran.err


def test_the_ci_file_checks_and_tests(tmp_path: Path) -> None:
    Project(tmp_path).headrace("init", "hello")
    text = (tmp_path / "hello" / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["test"]["steps"]
    commands = [each["run"] for each in steps if "run" in each]
    assert {"headrace check postcard.py --format github", "python -m pytest"} <= set(commands)


def test_the_example_of_an_environment_names_settings(tmp_path: Path) -> None:
    Project(tmp_path).headrace("init", "hello")
    text = (tmp_path / "hello" / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^# (HEADRACE_\w+)=", text, re.MULTILINE))
    assert named
    assert named <= {setting.variable for setting in SETTINGS}
    assert ".env\n" in (tmp_path / "hello" / ".gitignore").read_text(encoding="utf-8")
