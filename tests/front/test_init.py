"""``headrace init``: the project it writes is checked, tested and run as it stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.front.conftest import Project

FILES = [".gitignore", "README.md", "postcard.py", "pyproject.toml", "sunset.png", "tests/test_postcard.py"]


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
