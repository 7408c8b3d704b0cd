"""The command line without a run: help, laziness, check, graph, plan, compile, config, completion, doctor, clean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from tests.front.conftest import Project
from tests.front.recorded import RUN, record

from headrace.cli import COMMANDS
from headrace.cli.clean import command as clean
from headrace.runs import State, at_work, find, past
from headrace_dags.errors import BadInput, EnvironmentLack

OTHER = RUN.replace("0123", "9876")
HEAVY = ("numpy", "PIL", "rich", "tritonclient", "grpc", "onnxruntime", "headrace_serving", "headrace_events")


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """The modules that a command loads."""
    code = "import sys; from headrace.cli import invoke; invoke(sys.argv[1:]); print('\\n' + ' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture
def state(project: Project) -> State:
    return State(project.folder / ".headrace")


def test_help_lists_every_command_and_loads_none(run_command: Callable[..., Any], tmp_path: Path) -> None:
    text = run_command("--help").output
    assert all(name in text for name in COMMANDS)
    assert "Examples:" in text
    modules = loaded("--help", cwd=tmp_path)
    assert not {name for name in modules if name.startswith(("headrace.cli.", "headrace_", "pydantic"))}
    assert not modules & set(HEAVY)


def test_check_loads_nothing_heavy(project: Project) -> None:
    assert not loaded("check", "loud.py", cwd=project.folder) & set(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_begins_as_the_list_says(name: str, run_command: Callable[..., Any]) -> None:
    command = import_module(f"headrace.cli.{name}").command
    assert isinstance(command, click.Command)
    assert (command.help or "").replace("\n", " ").startswith(COMMANDS[name].rstrip("."))
    text = run_command(name, "--help").output
    assert f"  headrace {name}" in text or name == "completion"
    assert "Examples:" in text


def test_version(project: Project) -> None:
    from importlib.metadata import version

    assert project.headrace("--version").out == f"headrace {version('headrace')}\n"


def test_a_command_that_is_none(project: Project) -> None:
    done = project.headrace("rnu", "loud.py")
    assert done.code == 2
    assert "No such command 'rnu'. Did you mean run?" in done.err


def test_usage_errors_as_json(project: Project) -> None:
    done = project.headrace("clean", "--older", "--json")
    assert done.code == 2
    assert json.loads(done.err)["exit_code"] == 2


def test_check_finds_nothing(project: Project) -> None:
    done = project.headrace("check", "loud.py", "--json")
    assert (done.code, done.json) == (0, {"ok": True, "problems": []})


def test_check_tells_every_mistake_with_its_line(project: Project) -> None:
    project.write(
        "bad.py",
        "import headrace as hr\n\n\n@hr.step\ndef one(x: bytes) -> int:\n    return 1\n\n\n@hr.step\ndef two(x):\n    return x\n",
    )
    done = project.headrace("check", "bad.py")
    assert done.code == 2
    assert "bad.py:5 (one.x) [port-bytes]: " in done.out
    assert "bad.py:10 (two" in done.out
    assert done.out.splitlines()[-1].startswith("bad.py: ")
    problems = project.headrace("check", "bad.py", "--json").json["problems"]
    assert {problem["line"] for problem in problems} >= {5, 10}


def test_check_of_a_dag_that_is_not_there(project: Project) -> None:
    """A pipeline that misspells the dag must not pass for checked."""
    done = project.headrace("check", "loud.py:lout")
    assert (done.code, done.out) == (2, "")
    assert "loud.py [no-dag]: expects the name of a dag in it, got lout. Write loud." in done.err
    assert project.headrace("check", "loud.py:loud").code == 0


def test_check_of_what_is_no_python_file(project: Project) -> None:
    project.write("notes.md", "# Notes\n")
    project.write("shop/invoice.py", "")
    assert (
        "notes.md [no-file]: expects a Python file, got another kind of file."
        in project.headrace("check", "notes.md").err
    )
    done = project.headrace("check", "shop")
    assert (done.code, done.err) == (
        2,
        "shop [no-file]: expects a Python file, got a folder. There is invoice.py.\n",
    )


def test_check_of_a_file_that_cannot_be_imported(project: Project) -> None:
    project.write("broken.py", "def f(:\n")
    project.write("raises.py", "import headrace\n\nprice = 1 / 0\n")
    assert project.headrace("check", "broken.py").code == 2
    done = project.headrace("check", "raises.py")
    assert done.code == 2
    assert "ZeroDivisionError" in done.err
    assert "raises.py" in done.err
    assert "price = 1 / 0" in done.err


def test_graph_writes_the_format_that_is_asked_for(project: Project) -> None:
    assert project.headrace("graph", "loud.py").out.startswith("flowchart TD\n")
    assert project.headrace("graph", "loud.py:loud", "--format", "dot").out.startswith('digraph "loud" {')
    done = project.headrace("graph", "loud.py", "--segments", "-o", "loud.svg")
    assert (done.code, done.out) == (0, "")
    picture = (project.folder / "loud.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert 'class="group plain"' in picture


def test_plan_says_what_is_cut_and_why(project: Project) -> None:
    done = project.headrace("plan", "loud.py")
    assert done.code == 0
    assert "loud on local" in done.out
    plan = project.headrace("plan", "loud.py", "--target", "kubernetes", "--json").json
    assert plan["format"] == "plan/2"
    assert plan["target"]["kind"] == "kubernetes"


def test_a_platform_that_is_not_known_is_bad_input(project: Project) -> None:
    done = project.headrace("plan", "loud.py", "--target", "kubernetes", "--platform", "moon")
    assert done.code == 2
    assert "[unknown-platform]" in done.err


def test_compile_writes_a_repository_and_how_to_serve_it(project: Project) -> None:
    done = project.headrace("compile", "loud.py", "-o", "build")
    assert done.code == 0, done.err
    folder = project.folder / "build"
    models = [path.name for path in (folder / "models").iterdir()]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert models
    assert all((folder / "models" / model / "config.pbtxt").is_file() for model in models)
    assert all(f"--load-model={model}" in readme for model in models)
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["graph"]["name"] == "loud"
    assert project.headrace("compile", "loud.py", "-o", "build").code == 0, "its own folder may be written again"


def test_compile_spares_a_folder_with_other_files(project: Project) -> None:
    done = project.headrace("compile", "loud.py", "-o", ".")
    assert done.code == 2
    assert "[compile-there]" in done.err
    assert not (project.folder / "models").exists()


def test_config_shows_values_and_origins(project: Project) -> None:
    shown = project.headrace("config", "--json", HEADRACE_RUNTIME="inprocess").json
    assert shown["root"] == str(project.folder)
    assert shown["settings"]["runtime"] == {"value": "inprocess", "origin": "HEADRACE_RUNTIME"}
    assert "HEADRACE_RUNTIME" in project.headrace("config", HEADRACE_RUNTIME="inprocess").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, project: Project) -> None:
    done = project.headrace("completion", shell)
    assert done.code == 0
    assert "_HEADRACE_COMPLETE" in done.out


def offered(project: Project, *words: str) -> set[str]:
    """What bash is offered for the last of ``words``."""
    environment = {
        "_HEADRACE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [Path(sys.executable).parent / "headrace"],
        cwd=project.folder,
        env=project.environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return {line.partition(",")[2] for line in done.stdout.split()}


def test_completion_of_commands_and_options(project: Project) -> None:
    assert offered(project, "headrace", "comp") == {"compile", "completion"}
    assert offered(project, "headrace", "run", "--s") == {"--step", "--state"}
    assert {"--watch", "--from", "--item", "--pdb"} <= offered(project, "headrace", "run", "--")
    assert {"--follow", "--node"} <= offered(project, "headrace", "logs", "--")


def test_completion_of_runs_and_nodes(project: Project, state: State) -> None:
    assert offered(project, "headrace", "run", "lecture.py", "--step", "re") == set()
    record(state)
    assert offered(project, "headrace", "run", "lecture.py", "--step", "re") == {"read"}
    assert offered(project, "headrace", "run", "lecture.py", "--from", "0-01") == {RUN}
    assert offered(project, "headrace", "logs", "01") == {RUN}
    assert offered(project, "headrace", "logs", RUN, "--node", "s") == {"sound"}
    (state.runs / RUN / "plan.json").write_text("no plan", encoding="utf-8")
    assert offered(project, "headrace", "logs", "--node", "re") == set()


def test_doctor_says_what_there_is(project: Project) -> None:
    done = project.headrace("doctor", "--json")
    findings = {each["name"]: each for each in done.json["findings"]}
    assert {"python", "numpy", "disk", "glibc", "server", "shared-memory", "onnxruntime"} <= set(findings)
    assert done.code == (0 if done.json["ok"] else 3)
    assert all(each["fix"] for each in findings.values() if each["standing"] != "ok")


def test_report_prints_the_path_of_the_page(project: Project, state: State) -> None:
    record(state)
    path = project.folder / project.headrace("report").out.strip()
    assert path.parent == state.runs / RUN
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert project.headrace("report", "0123", "-o", "page.html").out.strip() == "page.html"


def test_a_run_is_found_by_the_beginning_of_its_id(state: State) -> None:
    record(state, RUN)
    record(state, OTHER)
    assert find(state, "0-01").id == find(state, "01").id == RUN
    with pytest.raises(BadInput, match="is the beginning of several runs"):
        find(state, "0-")


def test_clean_removes_runs_and_their_objects(project: Project, state: State) -> None:
    record(state)
    (state.scratch / "left").mkdir(parents=True)
    dry = project.headrace("clean", "--dry-run", "--json").json
    assert (dry["runs"], dry["removed"]) == ([RUN], False)
    assert dry["bytes"] > 5000
    assert past(state)
    done = project.headrace("clean", "--yes")
    assert "Removed 1 run and their objects" in done.out
    assert not past(state)
    assert not list(state.objects.rglob("*.*")) + list(state.scratch.iterdir())
    assert "Nothing to remove" in project.headrace("clean").out


def test_clean_asks_first(project: Project, state: State) -> None:
    record(state)
    done = subprocess.run(
        project.command("clean"),
        cwd=project.folder,
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 130
    assert past(state)


def test_clean_by_age(project: Project, state: State) -> None:
    record(state, RUN)
    record(state, OTHER)
    old = time.time() - 8 * 86400
    os.utime(state.runs / RUN / "plan.json", (old, old))
    assert project.headrace("clean", "--older-than", "7d", "--json").json["runs"] == [RUN]
    assert [run.id for run in past(state)] == [OTHER]
    assert "[age]" in project.headrace("clean", "--older-than", "soon").err


def test_clean_spares_a_run_that_goes_on(project: Project, state: State) -> None:
    record(state)
    with at_work(state, RUN):
        assert project.headrace("clean", "--yes", "--json").json["runs"] == []
    assert project.headrace("clean", "--yes", "--json").json["runs"] == [RUN]


def test_a_reader_that_leaves_is_no_error(project: Project, state: State) -> None:
    record(state)
    command = f"{' '.join(project.command('logs', '--json'))} | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_drawings_and_repositories_that_cannot_be_written(project: Project) -> None:
    project.write("file", "in the way")
    for arguments in (("graph", "loud.py", "-o", "file/a.svg"), ("compile", "loud.py", "-o", "file/build")):
        done = project.headrace(*arguments)
        assert (done.code, done.out) == (3, "")
        assert "[disk-refused]" in done.err
    assert project.headrace("graph", "loud.py", "-o", "drawings/a.svg").code == 0
    assert (project.folder / "drawings" / "a.svg").is_file()


def test_compiling_needs_the_packages_that_know_the_formats(project: Project) -> None:
    project.write("google/__init__.py", "raise ModuleNotFoundError(name='google.protobuf')")
    project.write("tritonclient/__init__.py", "raise ModuleNotFoundError(name='tritonclient')")
    done = project.headrace("compile", "loud.py", "-o", "build", PYTHONPATH=str(project.folder))
    assert (done.code, done.out) == (3, "")
    assert "[triton-client]: needs the package tritonclient[grpc]" in done.err
    assert "pip install 'headrace[triton]'" in done.err


def test_a_working_directory_that_is_gone(project: Project) -> None:
    done = project.through('mkdir gone; cd gone; rmdir ../gone; "$@"', "config")
    assert done.code == 2
    assert done.err.startswith("working directory [no-folder]: ")


def test_what_cannot_be_removed_is_not_said_to_be(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    record(state)
    monkeypatch.setattr("headrace.cli.clean.remove", lambda paths: None)
    assert clean.callback
    with pytest.raises(EnvironmentLack, match="disk-refused"):
        clean.callback(older_than=None, cache=False, yes=True, dry_run=False, state=str(state.root), as_json=False)
