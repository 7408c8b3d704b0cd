"""The wheel, in an environment that holds nothing but what it declares: it makes a project, checks it and runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PACKAGES = {
    "headrace",
    "headrace_dags",
    "headrace_events",
    "headrace_modelmesh",
    "headrace_pipelines",
    "headrace_serving",
}


def done(command: list[str | Path], cwd: Path, env: dict[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", folder, ROOT]
    done(build, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_six_typed_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == PACKAGES
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)


def test_it_holds_the_project_that_init_writes(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {f"headrace/starter/{file.name}" for file in (ROOT / "front/headrace/starter").glob("*.in")}
    assert len(templates) >= 9
    assert templates <= names


def test_it_tells_pytest_of_its_fixtures(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = [name for name in archive.namelist() if name.endswith("dist-info/entry_points.txt")]
    assert "[pytest11]\nheadrace = headrace.testing.plugin" in archive.read(entry_points).decode()


def test_it_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    env = tmp_path / "env"
    install = [UV, "pip", "install", "--quiet", "--python", env / "bin" / "python", "--no-deps"]
    done([UV, "venv", "--quiet", "--python", sys.executable, env], tmp_path)
    done([*install, "--require-hashes", "-r", ROOT / "requirements" / "core.txt"], tmp_path)
    done([*install, wheel], tmp_path)

    alone = {"PATH": f"{env / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "NO_COLOR": "1"}
    project = tmp_path / "project"
    headrace = str(env / "bin" / "headrace")
    done([headrace, "init", str(project)], tmp_path, alone)
    assert "no mistakes" in done([headrace, "check", "postcard.py"], project, alone)
    done([headrace, "run", "postcard.py", "--input", "picture=@sunset.png", "--out", "results"], project, alone)
    assert (project / "results" / "caption.txt").read_text().startswith("A picture: ")
